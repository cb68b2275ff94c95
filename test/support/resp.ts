/** The replies of a server, independent of the protocol version. */
export type Reply =
  | { readonly kind: 'simple'; readonly text: string }
  | { readonly kind: 'error'; readonly message: string }
  | { readonly kind: 'integer'; readonly value: number }
  | { readonly kind: 'bulk'; readonly text: string }
  | { readonly kind: 'nil' }
  /** Sent as it is, whether it is a reply or not. */
  | { readonly kind: 'raw'; readonly text: string }
  | { readonly kind: 'array' | 'push'; readonly items: readonly Reply[] }
  | { readonly kind: 'map'; readonly entries: readonly (readonly [string, Reply])[] };

export type Protocol = 2 | 3;

export const simple = (text: string): Reply => ({ kind: 'simple', text });
/** The message begins with its code: `READONLY You can't write against a read only replica.` */
export const error = (message: string): Reply => ({ kind: 'error', message });
export const integer = (value: number): Reply => ({ kind: 'integer', value });
export const bulk = (text: string): Reply => ({ kind: 'bulk', text });
export const nil: Reply = { kind: 'nil' };
export const raw = (text: string): Reply => ({ kind: 'raw', text });
export const array = (...items: Reply[]): Reply => ({ kind: 'array', items });
export const push = (...items: Reply[]): Reply => ({ kind: 'push', items });
export const map = (fields: Readonly<Record<string, Reply>>): Reply => ({
  kind: 'map',
  entries: Object.entries(fields),
});

/** In RESP2 a map is a flat array, a push an array, and nil the null bulk string. */
export function encodeReply(reply: Reply, protocol: Protocol): string {
  switch (reply.kind) {
    case 'simple':
      return `+${reply.text}\r\n`;
    case 'error':
      return `-${reply.message}\r\n`;
    case 'integer':
      return `:${reply.value}\r\n`;
    case 'bulk':
      return `$${Buffer.byteLength(reply.text)}\r\n${reply.text}\r\n`;
    case 'nil':
      return protocol === 3 ? '_\r\n' : '$-1\r\n';
    case 'raw':
      return reply.text;
    case 'array':
      return encodeItems('*', reply.items, protocol);
    case 'push':
      return encodeItems(protocol === 3 ? '>' : '*', reply.items, protocol);
    case 'map':
      return encodeMap(reply.entries, protocol);
  }
}

function encodeItems(sign: string, items: readonly Reply[], protocol: Protocol): string {
  return `${sign}${items.length}\r\n${items.map((item) => encodeReply(item, protocol)).join('')}`;
}

function encodeMap(entries: readonly (readonly [string, Reply])[], protocol: Protocol): string {
  const items = entries.flatMap(([key, value]) => [bulk(key), value]);
  const head = protocol === 3 ? `%${entries.length}` : `*${items.length}`;
  return `${head}\r\n${items.map((item) => encodeReply(item, protocol)).join('')}`;
}

/** Returns a function that takes bytes as they arrive and returns the commands that they complete. */
export function createRequestDecoder(): (chunk: Buffer) => string[][] {
  let rest = Buffer.alloc(0);
  return (chunk) => {
    rest = Buffer.concat([rest, chunk]);
    const requests: string[][] = [];
    for (let request = readRequest(rest); request !== undefined; request = readRequest(rest)) {
      requests.push(request.argv);
      rest = rest.subarray(request.end);
    }
    return requests;
  };
}

function readRequest(bytes: Buffer): { argv: string[]; end: number } | undefined {
  const count = readNumber(bytes, 0, '*');
  if (count === undefined) return undefined;
  const argv: string[] = [];
  let position = count.end;
  while (argv.length < count.value) {
    const length = readNumber(bytes, position, '$');
    if (length === undefined || bytes.length < length.end + length.value + 2) return undefined;
    argv.push(bytes.toString('utf8', length.end, length.end + length.value));
    position = length.end + length.value + 2;
  }
  return { argv, end: position };
}

function readNumber(bytes: Buffer, from: number, sign: string): { value: number; end: number } | undefined {
  const lineEnd = bytes.indexOf('\r\n', from);
  if (lineEnd === -1) return undefined;
  const line = bytes.toString('latin1', from, lineEnd);
  const value = Number(line.slice(1));
  if (!line.startsWith(sign) || !Number.isInteger(value)) throw new Error(`Not a RESP request: ${line}`);
  return { value, end: lineEnd + 2 };
}
