/** What `HELLO` without arguments says of the server. */
export interface HelloFields {
  readonly role: string | undefined;
  readonly mode: string | undefined;
  /** The version of RESP that the connection speaks. */
  readonly protocol: string | undefined;
}

/** Reads a `HELLO` reply: a flat list of names and values (RESP2) or a map (RESP3). */
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
