/** The value below which the given share of the sorted values lies; `0.5` is the median. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
}

export function median(values: readonly number[]): number {
  const [low, high] = [quantile(values, 0.5 - 0.5 / values.length), quantile(values, 0.5)];
  return values.length % 2 === 0 ? (low + high) / 2 : high;
}
