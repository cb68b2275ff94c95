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
import { destroyLate, whenClosing } from '../../sockets/close-socket.js';
import { endpointOf, type Pick } from '../../topology/pick.js';
import type { Topology } from '../../topology/topology.js';
import { Draining } from './draining.js';
import { NodeDialer } from './node-dialer.js';
import { LineMachine } from './line-machine.js';
import { reasonToWait, type LineClient, type LineSettings, type LineState } from './line-state.js';
import { closeSocket, destroySocket, isUnderWay, nextDrainStep, nextStep } from './line-step.js';
import { NodeFailures } from './node-failures.js';
import { matchesPick, type ServerIdentity } from './server-identity.js';

/** Provides one connection with a socket to the picked node, and with the next socket when the pick changes. */
export class NodeLine {
  readonly #settings: LineSettings;
  readonly #hungUp$ = new Subject<void>();
  #client: LineClient | undefined;
  #following = Subscription.EMPTY;
  #topology: Topology | undefined;
  readonly #dialer: NodeDialer;
  readonly failures: NodeFailures;
  #draining: Draining | undefined;
  #current: string | undefined;
  #runId: string | undefined;
  readonly #machine: LineMachine;

  constructor(settings: LineSettings) {
    this.#settings = settings;
    this.#machine = new LineMachine(() => this.#client?.onShut(), settings.watch);
    this.failures = new NodeFailures(settings);
    this.#dialer = new NodeDialer(settings, this.failures);
  }

  get state(): LineState {
    return this.#machine.state;
  }

  get isOpen(): boolean {
    return this.#machine.isOpen;
  }

  /** What decides how a command ends now. */
  get circumstances() {
    return {
      generation: this.#topology?.generation ?? 0,
      node: this.endpoint,
      server: this.#runId ?? this.#current,
      reason: () => this.#reason,
    };
  }

  /** Of the node that the socket leads to. */
  get endpoint(): string | undefined {
    return 'endpoint' in this.state ? this.state.endpoint : undefined;
  }

  /** Why nothing is written now, as text for an error. */
  get #reason(): string {
    const pick = this.#topology && this.#pick(this.#topology);
    return pick?.kind === 'wait' ? pick.reason : (this.failures.describe(pick) ?? reasonToWait(this.state));
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
      this.#client?.onVerified();
      return true;
    }
    const { endpoint } = this.state;
    const reason = `${endpoint} does not have the observed role or run id`;
    this.failures.add(endpoint, new Error(reason));
    this.#leave({ reason, drain: false });
    this.#settings.stream.emit('wrong role', endpoint);
    return false;
  }

  ready(): void {
    if (this.state.kind === 'handshake' && this.#enter({ ...this.state, kind: 'open' })) {
      this.#reconsider();
    }
    if (this.state.kind === 'open') {
      this.failures.connected(this.state.endpoint);
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
    closeSocket(this.state);
  }

  /** Stops following the topology until `connect()` is called. */
  stopFollowing(): void {
    this.#following.unsubscribe();
    this.#dialer.stop();
  }

  end(): void {
    this.#hungUp$.next();
    destroySocket(this.state);
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
    this.failures.begin(endpoint);
    whenClosing(socket, (error) => this.#onClose(socket, endpoint, error));
    const isShakingHands = () => this.state.kind === 'handshake' && this.state.socket === socket;
    destroyLate(socket, this.#settings.handshakeMs, isShakingHands);
    return socket;
  }

  #onClose(socket: Socket, endpoint: string, error: unknown): void {
    if (!('socket' in this.state) || this.state.socket !== socket) {
      return;
    }
    const { kind } = this.state;
    if (kind === 'handshake') {
      this.failures.handshakeFailed(endpoint, error);
    }
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
    const [state, topology] = [this.state, this.#topology];
    if (topology === undefined) return;
    this.#dialer.prepare(topology, this.#current, state);
    if (state.kind === 'waiting') {
      return;
    }
    const { endpoint } = state;
    const pick = this.#settings.choose(topology, endpoint);
    if (!isUnderWay(state)) {
      this.#draining?.apply(nextDrainStep({ endpoint, topology, pick }));
      return;
    }
    const seen = { runId: this.#runId, wasSuspended: state.kind === 'suspended' };
    const step = nextStep({ ...seen, endpoint, topology, pick });
    if (step.kind === 'resume') {
      this.#resume(state);
    } else if (step.kind === 'leave') {
      this.#leave(step);
    } else if (state.kind === 'open') {
      this.#enter({ ...state, kind: 'suspended', reason: step.reason });
    }
  }

  #resume(state: LineState): void {
    if (state.kind === 'suspended' && this.#enter({ ...state, kind: 'open' })) {
      this.#client?.onOpen();
    }
  }

  /** A node that still answers gets time to answer what was sent. A node that hangs gets none. */
  #leave({ reason, drain }: { readonly reason: string; readonly drain: boolean }): void {
    const before = this.state;
    if (!('socket' in before) || !this.#enter({ ...before, kind: 'leaving', reason })) {
      return;
    }
    const { socket, kind } = before;
    if (!drain || kind === 'handshake' || this.#client === undefined) {
      return void socket.destroy();
    }
    const { whenDrained } = this.#client;
    this.#draining = new Draining({ socket, whenDrained, limitMs: this.#settings.drainMs });
    this.#reconsider();
  }

  #enter(state: LineState): boolean {
    const isEntered = this.#machine.enter(state);
    this.#current = isEntered && 'endpoint' in state ? state.endpoint : this.#current;
    return isEntered;
  }
}
