import type { Server } from './server.js';

type Link = 'connecting' | 'syncing' | 'up';

const RETRY_MS = 200;

/** The replica side of a server: its link to the master and its synchronisation. */
export class Replica {
  readonly #server: Server;
  readonly #followers = new Set<Replica>();
  upstream: Server | undefined;
  link: Link = 'connecting';
  /** Whether it is loading the data of a full sync and cannot serve any. */
  isLoading = false;
  /** The process it is linked to. */
  #linkedTo = '';
  /** Grows when a synchronisation under way becomes obsolete. */
  #attempt = 0;
  #isPulling = false;

  constructor(server: Server) {
    this.#server = server;
  }

  /** The node that it follows or is about to follow. */
  get follows(): string | undefined {
    return this.link === 'up' ? this.upstream?.name : undefined;
  }

  get followers(): readonly Server[] {
    return [...this.#followers].map((follower) => follower.#server);
  }

  follow(upstream: Server): void {
    this.unfollow();
    this.upstream = upstream;
    this.#connectSoon(1);
  }

  unfollow(): void {
    this.#loseLink();
    this.upstream = undefined;
  }

  /** A new process. */
  begin(upstream: Server | undefined): void {
    this.upstream = upstream;
    if (upstream !== undefined) {
      this.#connectSoon(1);
    }
  }

  /** Links it at once, as if it had been a replica for a long time. */
  beginInStep(upstream: Server): void {
    this.upstream = upstream;
    this.#complete('full');
  }

  /** The process has died. Its replicas notice, unless the machine has died too. */
  die(how: 'killed' | 'without power'): void {
    this.#loseLink();
    if (how === 'killed') {
      this.dropFollowers();
    }
  }

  /** Replicas reconnect when the history of their master has changed. */
  dropFollowers(): void {
    for (const follower of this.#followers) {
      follower.#reconnect();
    }
  }

  tellFollowers(): void {
    this.#followers.forEach((follower) => follower.#pullSoon());
  }

  /** To be called when the server or the path to its master works again. */
  resume(): void {
    if (this.upstream !== undefined && this.link === 'up') {
      this.#pullSoon();
    }
    this.tellFollowers();
  }

  #reconnect(): void {
    this.#loseLink();
    if (this.upstream !== undefined) {
      this.#connectSoon(this.#server.settings.takesMs(1, RETRY_MS));
    }
  }

  #loseLink(): void {
    this.#attempt += 1;
    this.link = 'connecting';
    this.isLoading = false;
    if (this.upstream !== undefined) {
      this.upstream.replica.#followers.delete(this);
    }
  }

  #connectSoon(delayMs: number): void {
    this.#after(delayMs, () => this.#connect());
  }

  #connect(): void {
    const upstream = this.#reachable();
    if (upstream === undefined || (upstream.role === 'replica' && upstream.replica.link !== 'up')) {
      this.#connectSoon(RETRY_MS);
      return;
    }
    const { takesMs } = this.#server.settings;
    if (upstream.log.canContinue(this.#server.log)) {
      this.#after(takesMs(1, 5), () => this.#complete('partial'));
      return;
    }
    this.link = 'syncing';
    const tookMs = takesMs(10, 150);
    this.#after(tookMs / 2, () => (this.isLoading = true));
    this.#after(tookMs, () => this.#complete('full'));
  }

  #complete(kind: 'partial' | 'full'): void {
    const { log } = this.#server;
    const upstream = this.#reachable();
    const isPossible = kind === 'full' || upstream?.log.canContinue(log) === true;
    if (upstream === undefined || !isPossible) {
      this.#reconnect();
      return;
    }
    if (kind === 'full') {
      if (!upstream.log.hasBacklog) {
        upstream.log.restart();
      }
      log.copyFrom(upstream.log);
      this.#server.save();
      this.dropFollowers();
    } else {
      const before = log.id;
      log.continueFrom(upstream.log);
      if (before !== log.id) {
        this.dropFollowers();
      }
    }
    this.link = 'up';
    this.isLoading = false;
    this.#linkedTo = upstream.runId;
    upstream.replica.#followers.add(this);
    this.#note(`${kind} resync with ${upstream.name}, on ${log.id} after ${log.previousId} at ${log.offset}`);
    this.#pull();
  }

  #pullSoon(): void {
    if (!this.#isPulling) {
      this.#isPulling = true;
      this.#server.settings.clock.after(this.#server.settings.takesMs(0, 10), () => {
        this.#isPulling = false;
        this.#pull();
      });
    }
  }

  #pull(): void {
    const upstream = this.#reachable();
    if (this.link !== 'up' || upstream === undefined) {
      return;
    }
    if (upstream.runId !== this.#linkedTo || upstream.log.id !== this.#server.log.id) {
      this.#reconnect();
    } else if (upstream.log.offset > this.#server.log.offset) {
      this.#server.log.catchUp(upstream.log);
      this.tellFollowers();
    }
  }

  /** The master, if it can be reached at this moment. */
  #reachable(): Server | undefined {
    const { upstream } = this;
    const server = this.#server;
    const { canReach } = server.settings;
    const isUp =
      upstream?.process === 'running' &&
      server.process === 'running' &&
      canReach(server.name, upstream.name) &&
      canReach(upstream.name, server.name);
    return isUp ? upstream : undefined;
  }

  #after(delayMs: number, run: () => void): void {
    const attempt = this.#attempt;
    this.#server.settings.clock.after(delayMs, () => {
      if (attempt === this.#attempt && this.#server.process !== 'dead') {
        run();
      }
    });
  }

  #note(text: string): void {
    this.#server.settings.history.add({ kind: 'server', node: this.#server.name, text });
  }
}
