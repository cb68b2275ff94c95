/** The fields of a `HELLO` reply that we use. */
export interface HelloFields {
  readonly role: string | undefined;
  readonly mode: string | undefined;
  /** The RESP version of the connection: `2` or `3`. */
  readonly protocol: string | undefined;
}

/** Parses a `HELLO` reply: a flat list of names and values (RESP2) or a map (RESP3). */
export function parseHello(reply: unknown): HelloFields {
  const fields = new Map(pairsOf(reply));
  const textOf = (name: string) => {
    const value = fields.get(name);
    return typeof value === 'string' || typeof value === 'number' ? String(value) : undefined;
  };
  return { role: textOf('role'), mode: textOf('mode'), protocol: textOf('proto') };
}

function pairsOf(reply: unknown): readonly (readonly [unknown, unknown])[] {
  if (Array.isArray(reply)) {
    const list: readonly unknown[] = reply;
    return list.flatMap((name, index) => (index % 2 === 0 ? [[name, list[index + 1]] as const] : []));
  }
  return typeof reply === 'object' && reply !== null ? Object.entries(reply) : [];
}
