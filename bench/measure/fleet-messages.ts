/** What a fleet consists of: apps with this library, or the floor: clients that receive the address of the master. */
export type FleetKind = 'apps' | 'floor';

/** The orders of the benchmark to a process of the fleet. */
export type FleetOrder =
  | {
      readonly kind: 'open';
      readonly fleet: FleetKind;
      /** The master first. */
      readonly endpoints: readonly string[];
      /** The numbers of the instances to open. */
      readonly instances: readonly number[];
    }
  /** Each instance writes until one write is acknowledged. It is answered once: when all are, or at `report`. */
  | { readonly kind: 'write'; readonly round: number }
  /** For the floor: the new master. */
  | { readonly kind: 'tell'; readonly master: string }
  | { readonly kind: 'report' };

/** How one instance came through one failover. */
export interface InstanceReport {
  readonly instance: number;
  /** The write that was acknowledged, if one was, and when, in the time of `wallClock`. */
  readonly acknowledged: string | null;
  readonly at: number | null;
  readonly failed: readonly string[];
  readonly unknown: readonly string[];
}

/** Milliseconds since the epoch, the same in all processes of one machine. */
export function wallClock(at = performance.now()): number {
  return performance.timeOrigin + at;
}

export function readOrder(message: unknown): FleetOrder {
  const kind = field(message, 'kind');
  switch (kind) {
    case 'open':
      return {
        kind,
        fleet: field(message, 'fleet') === 'floor' ? 'floor' : 'apps',
        endpoints: list(message, 'endpoints').map(String),
        instances: list(message, 'instances').map(Number),
      };
    case 'write':
      return { kind, round: Number(field(message, 'round')) };
    case 'tell':
      return { kind, master: String(field(message, 'master')) };
    case 'report':
      return { kind };
    default:
      throw new Error(`not an order to the fleet: ${JSON.stringify(message)}`);
  }
}

export function readReports(message: unknown): readonly InstanceReport[] {
  if (!Array.isArray(message)) throw new Error(`not a report of the fleet: ${JSON.stringify(message)}`);
  return message.map((entry: unknown) => {
    const [acknowledged, at] = [field(entry, 'acknowledged'), field(entry, 'at')];
    return {
      instance: Number(field(entry, 'instance')),
      acknowledged: typeof acknowledged === 'string' ? acknowledged : null,
      at: typeof at === 'number' ? at : null,
      failed: list(entry, 'failed').map(String),
      unknown: list(entry, 'unknown').map(String),
    };
  });
}

function field(message: unknown, name: string): unknown {
  return typeof message === 'object' && message !== null ? Reflect.get(message, name) : undefined;
}

function list(message: unknown, name: string): readonly unknown[] {
  const value = field(message, name);
  return Array.isArray(value) ? value : [];
}
