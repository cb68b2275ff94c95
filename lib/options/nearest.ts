/** The known name that a user most likely meant, if one is similar enough. */
export function nearest(name: string, known: readonly string[]): string | undefined {
  const word = name.toLowerCase();
  const [best] = known
    .map((candidate) => ({ candidate, distance: distanceBetween(word, candidate.toLowerCase()) }))
    .filter(({ candidate, distance }) => distance <= Math.max(1, Math.floor(candidate.length / 4)))
    .toSorted((a, b) => a.distance - b.distance);
  return best?.candidate ?? known.find((each) => word.length >= 4 && each.toLowerCase().startsWith(word));
}

/** How many characters must be inserted, removed, replaced or swapped with their neighbour to turn one into the other. */
function distanceBetween(from: string, to: string): number {
  let [before, last]: readonly [readonly number[], readonly number[]] = [[], indexes(to)];
  for (let row = 1; row <= from.length; row += 1) {
    const next: number[] = [row];
    for (let column = 1; column <= to.length; column += 1) {
      const replaced = (last[column - 1] ?? 0) + (from[row - 1] === to[column - 1] ? 0 : 1);
      const isSwap = from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1];
      const swapped = isSwap ? (before[column - 2] ?? Infinity) + 1 : Infinity;
      next.push(Math.min(replaced, swapped, (last[column] ?? 0) + 1, (next[column - 1] ?? 0) + 1));
    }
    [before, last] = [last, next];
  }
  return last[to.length] ?? 0;
}

function indexes(text: string): readonly number[] {
  return Array.from({ length: text.length + 1 }, (_, index) => index);
}
