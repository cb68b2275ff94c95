import { isIPv6 } from 'node:net';

/** What a name server answers about one name. */
export type Reply =
  | { readonly addresses: readonly string[]; readonly ttl?: number; readonly isTruncated?: boolean }
  | 'NXDOMAIN'
  | 'SERVFAIL'
  /** It answers nothing. */
  | 'silent';

const codes = { NOERROR: 0, SERVFAIL: 2, NXDOMAIN: 3 } as const;
const types = { A: 1, AAAA: 28 } as const;
const HEADER_BYTES = 12;

export interface Question {
  readonly name: string;
  readonly type: number;
  /** Where the question ends in the message. */
  readonly end: number;
}

/** The one question of a query, as RFC 1035 writes it. */
export function readQuestion(query: Buffer): Question {
  const labels: string[] = [];
  let at = HEADER_BYTES;
  while (query.readUInt8(at) !== 0) {
    const length = query.readUInt8(at);
    labels.push(query.toString('latin1', at + 1, at + 1 + length));
    at += 1 + length;
  }
  return { name: labels.join('.').toLowerCase(), type: query.readUInt16BE(at + 1), end: at + 5 };
}

/** The message to send, if any. */
export function answerQuery(query: Buffer, reply: Reply, transport: 'udp' | 'tcp'): Buffer | undefined {
  if (reply === 'silent') return undefined;
  const { end, type } = readQuestion(query);
  const isFound = typeof reply === 'object';
  const isTruncated = isFound && reply.isTruncated === true && transport === 'udp';
  const records = isFound && !isTruncated ? recordsFor(type, reply) : [];
  const header = Buffer.from(query.subarray(0, HEADER_BYTES));
  const code = isFound ? codes.NOERROR : codes[reply];
  // A response, with recursion desired and available.
  header.writeUInt16BE(0x81_80 | (isTruncated ? 0x02_00 : 0) | code, 2);
  header.writeUInt16BE(1, 4);
  header.writeUInt16BE(records.length, 6);
  header.fill(0, 8);
  return Buffer.concat([header, query.subarray(HEADER_BYTES, end), ...records]);
}

function recordsFor(
  type: number,
  { addresses, ttl = 0 }: { readonly addresses: readonly string[]; readonly ttl?: number },
): readonly Buffer[] {
  return addresses
    .filter((address) => type === (isIPv6(address) ? types.AAAA : types.A))
    .map((address) => {
      const data = isIPv6(address) ? bytesOfIPv6(address) : Buffer.from(address.split('.').map(Number));
      const fixed = Buffer.alloc(12);
      // A pointer to the name in the question.
      fixed.writeUInt16BE(0xc0_00 | HEADER_BYTES, 0);
      fixed.writeUInt16BE(type, 2);
      fixed.writeUInt16BE(1, 4);
      fixed.writeUInt32BE(ttl, 6);
      fixed.writeUInt16BE(data.length, 10);
      return Buffer.concat([fixed, data]);
    });
}

function bytesOfIPv6(address: string): Buffer {
  const [head = '', tail = ''] = address.split('::');
  const [first, last] = [groupsIn(head), groupsIn(tail)];
  const all = [...first, ...Array.from({ length: 8 - first.length - last.length }, () => 0), ...last];
  const bytes = Buffer.alloc(16);
  all.forEach((group, index) => bytes.writeUInt16BE(group, 2 * index));
  return bytes;
}

function groupsIn(text: string): readonly number[] {
  return text === '' ? [] : text.split(':').map((each) => Number.parseInt(each, 16));
}
