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
  return { role: fields.get('role'), mode: fields.get('mode'), protocol: fields.get('proto') };
}

function pairsOf(reply: unknown): readonly (readonly [string, string])[] {
  if (Array.isArray(reply)) {
    return reply.flatMap((name, index) =>
      index % 2 === 0 ? [[String(name), String(reply[index + 1])] as const] : [],
    );
  }
  return typeof reply === 'object' && reply !== null
    ? Object.entries(reply).map(([name, value]) => [name, String(value)] as const)
    : [];
}
