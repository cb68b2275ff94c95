import {
  distinctUntilChanged,
  EMPTY,
  firstValueFrom,
  map,
  NEVER,
  Subject,
  Subscription,
  switchMap,
  takeUntil,
} from 'rxjs';
import type { Socket } from 'node:net';
import { closeGently, destroyLate } from '../../sockets/close-socket.js';
import { endpointOf, type Pick } from '../../topology/pick.js';
import { findNode, type Topology } from '../../topology/topology.js';
import { NodeDialer } from './node-dialer.js';
import { LineMachine } from './line-machine.js';
import { reasonToWait, type LineClient, type LineSettings, type LineState } from './line-state.js';
import { isSameProcess, matchesPick, type ServerIdentity } from './server-identity.js';

/** Provides one connection with a socket to the picked node, and with the next socket when the pick changes. */
export class NodeLine {
  readonly #settings: LineSettings;
  readonly #hungUp$ = new Subject<void>();
  #client: LineClient | undefined;
  #following = Subscription.EMPTY;
  #topology: Topology | undefined;
  readonly #dialer: NodeDialer;
  #current: string | undefined;
  #runId: string | undefined;
  readonly #machine = new LineMachine(() => this.#client?.onShut());

  constructor(settings: LineSettings) {
    this.#settings = settings;
    this.#dialer = new NodeDialer(settings);
  }

  get state(): LineState {
    return this.#machine.state;
  }

  get isOpen(): boolean {
    return this.#machine.isOpen;
  }

  /** The server process that the connection leads to or led to last: its run id, or its endpoint if that is unknown. */
  get server(): string | undefined {
    return this.#runId ?? this.#current;
  }

  /** Of the node that the socket leads to. */
  get endpoint(): string | undefined {
    return 'endpoint' in this.state ? this.state.endpoint : undefined;
  }

  get generation(): number {
    return this.#topology?.generation ?? 0;
  }

  /** Why nothing is written now, as text for an error. */
  get reason(): string {
    const pick = this.#topology && this.#pick(this.#topology);
    return pick?.kind === 'wait' ? pick.reason : reasonToWait(this.state);
  }

  attach(client: LineClient): void {
    this.#client = client;
  }

  /** Resolves with a connected socket as soon as there is a node to use. Rejects only if `hangUp` is called before. */
  async connect(): Promise<Socket> {
    this.#follow();
    const topology$ = this.#following.closed ? EMPTY : this.#settings.stream.topology$;
    const socket$ = topology$.pipe(
      map((topology) => this.#pick(topology)),
      distinctUntilChanged((a, b) => endpointOf(a) === endpointOf(b)),
      switchMap((pick) =>
        pick.kind === 'wait'
          ? NEVER
          : this.#dialer.dial(pick.node).pipe(map((socket) => this.#adopt(socket, pick.node.endpoint))),
      ),
      takeUntil(this.#hungUp$),
    );
    return firstValueFrom(socket$).catch(() => {
      throw new Error('Connection is closed.');
    });
  }

  /** Whether the server, as it reports itself on this connection, is the one that was picked. If not, leaves it. */
  check(identity: ServerIdentity): boolean {
    if (this.state.kind !== 'handshake' || this.#topology === undefined) {
      return true;
    }
    const pick = this.#pick(this.#topology);
    if (pick.kind === 'use' && matchesPick(pick, identity)) {
      this.#runId = identity.run_id;
      return true;
    }
    this.#leave({ reason: `${this.state.endpoint} does not have the observed role or run id`, drain: false });
    this.#settings.stream.emit('wrong role', this.state.endpoint);
    return false;
  }

  ready(): void {
    if (this.state.kind === 'handshake' && this.#enter({ ...this.state, kind: 'open' })) {
      this.#reconsider();
    }
    if (this.isOpen) {
      this.#client?.onOpen();
    }
  }

  /** The node refused a command because of its state. It is left, and not used again until its next probe. */
  refused(): void {
    if (this.state.kind === 'open' || this.state.kind === 'suspended') {
      const { endpoint } = this.state;
      this.#leave({ reason: `${endpoint} refused a command because of its state`, drain: true });
      this.#settings.stream.emit('write refused', endpoint);
    }
  }

  /** Closes the socket, if any. `connect()` may be called again. */
  hangUp(): void {
    this.#hungUp$.next();
    if ('socket' in this.state) {
      const { socket, kind } = this.state;
      if (kind === 'open' || kind === 'handshake') {
        closeGently(socket);
      } else {
        socket.destroy();
      }
    }
  }

  /** Stops following the topology until `connect()` is called. */
  stopFollowing(): void {
    this.#following.unsubscribe();
    this.#dialer.stop();
  }

  end(): void {
    this.#hungUp$.next();
    if ('socket' in this.state) {
      this.state.socket.destroy();
    }
    this.stopFollowing();
  }

  #follow(): void {
    if (this.#following.closed) {
      this.#following = this.#settings.stream.topology$.subscribe({
        next: (topology) => {
          this.#topology = topology;
          this.#reconsider();
        },
        complete: () => this.#client?.onEnd(),
      });
    }
  }

  #pick(topology: Topology): Pick {
    const pick = this.#settings.choose(topology, this.#current);
    this.#current = endpointOf(pick) ?? this.#current;
    return pick;
  }

  #adopt(socket: Socket, endpoint: string): Socket {
    this.#enter({ kind: 'handshake', endpoint, socket });
    this.#runId = undefined;
    // A socket closes a little after it has ended or failed, and nothing may be written to it in between.
    for (const event of ['end', 'error', 'close']) {
      socket.once(event, () => this.#onClose(socket, endpoint));
    }
    const isShakingHands = () => this.state.kind === 'handshake' && this.state.socket === socket;
    destroyLate(socket, this.#settings.handshakeMs, isShakingHands);
    return socket;
  }

  #onClose(socket: Socket, endpoint: string): void {
    if (!('socket' in this.state) || this.state.socket !== socket) {
      return;
    }
    const { kind } = this.state;
    this.#dialer.backOff(endpoint);
    const isLost = this.#enter({ kind: 'waiting', reason: `the connection to ${endpoint} was closed` });
    socket.destroy();
    this.#client?.onLost(endpoint);
    if (isLost && kind !== 'leaving') {
      this.#settings.stream.emit('connection closed', endpoint);
    }
  }

  /** Compares the node in use with the node that the topology picks. */
  #reconsider(): void {
    const state = this.state;
    const topology = this.#topology;
    if (topology === undefined) {
      return;
    }
    this.#dialer.prepare(topology, this.#current, 'endpoint' in state ? state.endpoint : undefined);
    if (state.kind === 'waiting' || state.kind === 'leaving') {
      return;
    }
    const pick = this.#settings.choose(topology, state.endpoint);
    const isReachable = findNode(topology, state.endpoint)?.reachable === true;
    if (pick.kind === 'use' && pick.node.endpoint === state.endpoint && isSameProcess(pick, this.#runId)) {
      this.#resume(state);
    } else if (pick.kind === 'use') {
      this.#leave({ reason: `moving from ${state.endpoint} to ${pick.node.endpoint}`, drain: isReachable });
    } else if (isReachable && pick.stay !== true) {
      this.#leave({ reason: pick.reason, drain: true });
    } else if (state.kind === 'open') {
      this.#enter({ ...state, kind: 'suspended', reason: pick.reason });
    }
  }

  #resume(state: LineState): void {
    if (state.kind === 'suspended') {
      const { endpoint, socket } = state;
      if (this.#enter({ kind: 'open', endpoint, socket })) {
        this.#client?.onOpen();
      }
    }
  }

  /** A node that still answers gets `drainMs` to answer what was sent. A node that hangs gets no time. */
  #leave({ reason, drain }: { readonly reason: string; readonly drain: boolean }): void {
    const before = this.state;
    if (!('socket' in before) || !this.#enter({ ...before, kind: 'leaving', reason })) {
      return;
    }
    const { socket, kind } = before;
    if (!drain || kind === 'handshake' || this.#client === undefined) {
      socket.destroy();
      return;
    }
    const draining = this.#client.whenDrained(() => socket.destroy());
    socket.once('close', () => draining.unsubscribe());
    destroyLate(socket, this.#settings.drainMs);
  }

  #enter(state: LineState): boolean {
    const isEntered = this.#machine.enter(state);
    this.#current = isEntered && 'endpoint' in state ? state.endpoint : this.#current;
    return isEntered;
  }
}
