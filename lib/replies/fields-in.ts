/** The texts and numbers, by name, in a reply of names and values: a flat list (RESP2) or a map (RESP3). */
export function fieldsIn(reply: unknown): ReadonlyMap<string, string> {
  return new Map(
    pairsOf(reply).flatMap(([name, value]): readonly (readonly [string, string])[] =>
      typeof name === 'string' && (typeof value === 'string' || typeof value === 'number')
        ? [[name, String(value)]]
        : [],
    ),
  );
}

function pairsOf(reply: unknown): readonly (readonly [unknown, unknown])[] {
  if (Array.isArray(reply)) {
    const list: readonly unknown[] = reply;
    return list.flatMap((name, index) => (index % 2 === 0 ? [[name, list[index + 1]] as const] : []));
  }
  return typeof reply === 'object' && reply !== null ? Object.entries(reply) : [];
}
