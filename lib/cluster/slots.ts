/** The number of hash slots of a Redis Cluster. */
export const SLOT_COUNT = 16_384;

/**
 * Hash slots from `first` to `last`, both included.
 *
 * @publicApi
 */
export interface SlotRange {
  readonly first: number;
  readonly last: number;
}

/** The hash slot of a key: of its hash tag, if it has one, else of the whole key. */
export function slotOf(key: string): number {
  return crc16(Buffer.from(hashedPart(key))) % SLOT_COUNT;
}

export function isInRanges(slot: number, ranges: readonly SlotRange[]): boolean {
  return ranges.some(({ first, last }) => slot >= first && slot <= last);
}

/** A short text that hashes to one of the slots, for use as a hash tag; `undefined` if there are no slots. */
export function hashTagFor(ranges: readonly SlotRange[]): string | undefined {
  for (let number = 0; ranges.length > 0 && number < MAX_TRIES; number += 1) {
    const tag = String(number);
    if (isInRanges(slotOf(tag), ranges)) {
      return tag;
    }
  }
  return undefined;
}

/** Makes of `key` a key in one of the slots. A hash tag that is in the key already would win, unless ours is first. */
export function keyIn(ranges: readonly SlotRange[], key: string): string {
  const tag = hashTagFor(ranges) ?? '';
  return key.includes('{') ? `{${tag}}${key}` : `${key}{${tag}}`;
}

/** A shard with a single slot needs 16 384 tries on average; this many fail in one of 10^13 cases. */
const MAX_TRIES = 500_000;

/** What is between the first `{` and the next `}`, unless that is empty. */
function hashedPart(key: string): string {
  const start = key.indexOf('{');
  const end = start < 0 ? -1 : key.indexOf('}', start + 1);
  return end > start + 1 ? key.slice(start + 1, end) : key;
}

/** CRC16-CCITT (XMODEM), as specified for Redis Cluster. */
function crc16(bytes: Uint8Array): number {
  return bytes.reduce((sum, byte) => {
    let crc = sum ^ (byte << 8);
    for (let bit = 0; bit < 8; bit += 1) {
      crc = (crc & 0x80_00) === 0 ? crc << 1 : (crc << 1) ^ 0x10_21;
    }
    return crc & 0xff_ff;
  }, 0);
}
