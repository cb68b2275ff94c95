import type { Socket } from 'node:net';
import {
  defer,
  finalize,
  mergeMap,
  Observable,
  repeat,
  ReplaySubject,
  retry,
  take,
  tap,
  type Subscription,
} from 'rxjs';
import type { TopologyNode } from '../../topology/topology.js';

/** The delay between two attempts, so that a node that may be promoted soon is not flooded with connections. */
const PAUSE_MS = 1000;
/** A socket is replaced at this age, because an unused socket can be dead without any event. */
const MAX_AGE_MS = 30_000;

type Reach = (node: TopologyNode) => Observable<Socket>;

/** Sockets to nodes that may be used next, connected in advance, TLS included. Nothing is sent on them. */
export class WarmSockets {
  readonly #reach: Reach;
  readonly #kept = new Map<string, WarmSocket>();

  constructor(reach: Reach) {
    this.#reach = reach;
  }

  /** Opens a socket to each of these nodes and closes the sockets to all others. */
  keep(nodes: readonly TopologyNode[]): void {
    const names = new Set(nodes.map(({ endpoint }) => endpoint));
    for (const [name, warm] of this.#kept) {
      if (!names.has(name) || warm.isOver) {
        this.#kept.delete(name);
        warm.close();
      }
    }
    for (const node of nodes) {
      if (!this.#kept.has(node.endpoint)) {
        this.#kept.set(node.endpoint, new WarmSocket(() => this.#reach(node)));
      }
    }
  }

  /** The socket to this node, open or still connecting; `undefined` if there is none. The subscriber owns it. */
  take(name: string): Observable<Socket> | undefined {
    return this.#kept.get(name)?.take();
  }
}

/** One socket, which is replaced when it closes or reaches `MAX_AGE_MS`, until it is taken. */
class WarmSocket {
  readonly #keeping: Subscription;
  #socket$: ReplaySubject<Socket> | undefined;
  #socket: Socket | undefined;

  constructor(reach: () => Observable<Socket>) {
    this.#keeping = defer(() => {
      const socket$ = new ReplaySubject<Socket>(1);
      this.#socket$ = socket$;
      // Not `tap(socket$)`, which would also complete and unsubscribe it.
      return reach().pipe(
        tap({ next: (socket) => socket$.next(socket), error: (error: unknown) => socket$.error(error) }),
      );
    })
      .pipe(
        mergeMap((socket) => this.#hold(socket)),
        finalize(() => (this.#socket$ = undefined)),
        repeat({ delay: PAUSE_MS }),
        retry({ delay: PAUSE_MS }),
      )
      .subscribe();
  }

  get isOver(): boolean {
    return this.#keeping.closed;
  }

  take(): Observable<Socket> | undefined {
    return this.#socket$?.pipe(
      take(1),
      tap(() => {
        this.#socket = undefined;
        this.#keeping.unsubscribe();
      }),
    );
  }

  close(): void {
    this.#keeping.unsubscribe();
  }

  /** Completes when the socket can no longer be used. */
  #hold(socket: Socket): Observable<never> {
    return new Observable((subscriber) => {
      const end = () => subscriber.complete();
      const limit = setTimeout(end, MAX_AGE_MS);
      this.#socket = socket;
      // The error listener stays: without one, an error of a socket that was just destroyed would end the process.
      socket.once('end', end).once('error', end).once('close', end);
      return () => {
        clearTimeout(limit);
        socket.off('end', end).off('close', end);
        if (this.#socket === socket) {
          this.#socket = undefined;
          socket.destroy();
        }
      };
    });
  }
}
