import { epochOffsetMs, monotonicMs } from '../../clock/clock.js';
import type { Notices } from '../../notices/notices.js';
import { line, type LogLine } from '../../topology/log-line.js';
import type { Pick } from '../../topology/pick.js';
import type { LineWatch } from './line-state.js';
import { faultOf } from '../../replies/node-fault.js';

/** Why the picked node could not be connected to, until a connection to it works. */
export class NodeFailures {
  readonly #notices: Notices;
  readonly #watch: LineWatch | undefined;
  /** Where the latest attempt leads. */
  #node = '';
  #last: Failure | undefined;
  /** The error in the handshake that is under way. */
  #blamed: Error | undefined;
  #latest: NodeFailure | undefined;

  constructor({ notices, watch }: { readonly notices: Notices; readonly watch?: LineWatch | undefined }) {
    this.#notices = notices;
    this.#watch = watch;
  }

  /** Why the node cannot be connected to, as text for an operator; `undefined` if no attempt has failed. */
  whyNot(node: string): string | undefined {
    return this.#last?.node === node ? this.#last.words : undefined;
  }

  /** The failure of the picked node, as the reason of an error; `undefined` if no attempt has failed. */
  describe(pick: (Pick & { readonly kind: 'use' }) | undefined): string | undefined {
    const last = this.#last;
    return last !== undefined && last.node === pick?.node.endpoint ? describeFailure(last).text : undefined;
  }

  /** The last failure, which may be over. */
  get latest(): NodeFailure | undefined {
    return this.#latest;
  }

  /** Call it when a socket to the node is open and the handshake begins. */
  begin(node: string): void {
    this.#node = node;
    this.#blamed = undefined;
  }

  /** Notes an error that ioredis reports. In a handshake, which the status `connect` means, it is why that is going to fail. */
  note(error: Error, status: string): void {
    if (status === 'connect') {
      this.#blamed = error;
    } else if (status === 'ready') {
      this.#latest = failureOf(this.#node, error);
      const told = line`the connection to ${{ node: this.#node }} failed: ${{ reason: faultOf(error).message }}`;
      this.#notices.begin(`errors of ${this.#node}`, { code: 'RR401', level: 'warn', ...told });
    }
  }

  /** Notes an error reply of a handshake that ioredis may never report, because it waits for the other replies. */
  noteReply(error: Error): void {
    if (faultOf(error).fault === 'MAXCLIENTS') {
      this.#blamed ??= error;
    }
  }

  /** Records that the handshake has failed. The socket may be closed without any error. */
  handshakeFailed(node: string, error: unknown): void {
    this.add(node, this.#blamed ?? error ?? new Error('the connection was closed during the handshake'));
  }

  /**
   * Records a failed attempt. The first one is not reported: the node may have failed just now, which the next probe
   * shows. If it is tried once more, it was fine for the observers in between.
   */
  add(node: string, error: unknown): void {
    const times = this.#last?.node === node ? this.#last.times + 1 : 1;
    this.#latest = failureOf(node, error);
    this.#last = { node, words: this.#latest.message, times };
    this.#watch?.failed(node, faultOf(error).fault);
    if (times > 1) {
      this.#notices.begin(topicOf(node), { code: 'RR400', level: 'warn', ...describeFailure(this.#last) });
    }
  }

  /** Records that a connection to the node works. */
  connected(node: string): void {
    const failed = this.#last?.node ?? node;
    this.#last = undefined;
    for (const each of new Set([failed, node])) {
      this.#notices.end(topicOf(each), { code: 'RR402', level: 'log', ...line`connected to ${{ node }}` });
    }
  }
}

/**
 * One failure of a connection to a node.
 *
 * @publicApi
 */
export interface NodeFailure {
  readonly node: string;
  readonly message: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

function failureOf(node: string, error: unknown): NodeFailure {
  return { node, message: faultOf(error).message, at: Math.round(monotonicMs() + epochOffsetMs()) };
}

interface Failure {
  readonly node: string;
  readonly words: string;
  /** In a row. */
  readonly times: number;
}

function describeFailure({ node, words }: Failure): LogLine {
  return line`cannot use ${{ node }}: ${{ reason: words }}`;
}

const topicOf = (node: string) => `connect to ${node}`;
