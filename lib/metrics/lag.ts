/** How far the master had written at one moment; times are in milliseconds of the monotonic clock. */
interface Written {
  readonly at: number;
  readonly offset: number;
}

/**
 * What the replicas of one master lack, as far as the offsets that nodes report show it. A server does not tell how old
 * its data is, so the time is derived: a replica lacks at least what the master had written at that moment.
 */
export interface LagTrack {
  readonly master: string | undefined;
  readonly written: readonly Written[];
  /** By endpoint, in milliseconds. */
  readonly behindMs: ReadonlyMap<string, number>;
}

export const noLag: LagTrack = { master: undefined, written: [], behindMs: new Map() };

/** Offsets within one history: those of the master, and of the replicas that follow it. */
export interface Offsets {
  readonly master: string;
  readonly offsets: ReadonlyMap<string, number>;
}

/** The track after the node `probed` has answered at the time `at`. Without offsets of a master there is no lag. */
export function trackLag(
  track: LagTrack,
  { at, probed }: { readonly at: number; readonly probed: string },
  now: Offsets | undefined,
): LagTrack {
  if (now === undefined) {
    return noLag;
  }
  const { master, offsets } = now;
  const known = track.master === master ? track : { ...noLag, master };
  const offset = offsets.get(probed);
  if (probed === master) {
    return offset === undefined ? known : { ...known, written: addWritten(known.written, { at, offset }) };
  }
  const kept = [...known.behindMs].filter(([endpoint]) => offsets.has(endpoint) && endpoint !== probed);
  return {
    ...known,
    behindMs: new Map([
      ...kept,
      ...(offset === undefined ? [] : [[probed, behindMs(known.written, { at, offset })] as const]),
    ]),
  };
}

function behindMs(written: readonly Written[], { at, offset }: Written): number {
  const missed = written.find((each) => each.offset > offset);
  return missed === undefined ? 0 : Math.max(0, at - missed.at);
}

/** A sweep probes far more often than anybody needs to know the lag, and what is remembered has a limit. */
const SPACING_MS = 100;
const MOST_WRITTEN = 600;

function addWritten(written: readonly Written[], next: Written): readonly Written[] {
  const last = written.at(-1);
  if (last === undefined || next.offset < last.offset) {
    // A master whose offset falls has lost writes, and what it had written before says nothing any more.
    return [next];
  }
  const isNeeded = next.offset > last.offset && next.at - last.at >= SPACING_MS;
  return isNeeded ? [...written, next].slice(-MOST_WRITTEN) : written;
}
