import { error, type Reply } from '../support/resp.js';
import { Client, valueOf } from './client.js';
import type { VirtualClock } from './clock.js';
import { execute } from './commands.js';
import type { Connection, ServerEnd } from './connection.js';
import { opOf, type History } from './history.js';
import { isWrite, type Rights, type Trouble } from './refusals.js';
import type { Host } from './network.js';
import { Replica } from './replica.js';
import { ReplicationLog, type Snapshot } from './replication-log.js';

/** The settings that all servers of a group share. */
export interface ServerSettings {
  readonly clock: VirtualClock;
  readonly history: History;
  readonly password: string | undefined;
  readonly rights: Rights;
  readonly wording: 'Redis 6' | 'Redis 7';
  /** As ElastiCache does by default. */
  readonly closesOnReplicaWrite: boolean;
  /** How long steps inside the group take, in milliseconds. */
  readonly takesMs: (least: number, most: number) => number;
  readonly newId: () => string;
  /** Whether one node can be reached from another. */
  readonly canReach: (from: string, to: string) => boolean;
}

/** A Redis server and its machine. Roles and histories behave as measured on real servers; it can fail in every way. */
export class Server implements Host {
  readonly name: string;
  readonly settings: ServerSettings;
  readonly replica: Replica;
  readonly clients = new Set<Client>();
  log: ReplicationLog;
  process: 'running' | 'hung' | 'dead' = 'running';
  machine: 'on' | 'off' = 'on';
  trouble: Trouble | undefined;
  /** `CLIENT PAUSE`; writes pause in `FAILOVER` and while shutting down, too. */
  paused: 'nothing' | 'writes' | 'all' = 'nothing';
  runId: string;
  /** What a client that says it is a replica has announced as its address; it may contain line breaks. */
  rogue: string | undefined;
  /** Whether it has ever begun a new history that only its replicas could tell of. */
  hasHiddenHistory = false;
  /** How often it has executed `INFO`. */
  probes = 0;
  /** Whether it is started again after it has died. */
  #fate: 'returns' | 'gone' = 'returns';
  #saved: Snapshot;
  #execs = 0;

  constructor(name: string, settings: ServerSettings) {
    this.name = name;
    this.settings = settings;
    this.runId = settings.newId();
    this.log = new ReplicationLog(settings.newId);
    this.#saved = this.log.save();
    this.replica = new Replica(this);
  }

  get role(): 'master' | 'replica' {
    return this.replica.upstream === undefined ? 'master' : 'replica';
  }

  isPowered(): boolean {
    return this.machine === 'on';
  }

  isListening(): boolean {
    return this.process !== 'dead';
  }

  /** Whether it has died for good. */
  get isGone(): boolean {
    return this.#fate === 'gone';
  }

  accept(connection: Connection): ServerEnd {
    const client = new Client(connection);
    client.isTrusted = this.settings.password === undefined;
    this.clients.add(client);
    return {
      receive: (requests) => {
        client.queue.push(...requests);
        this.serve(client);
      },
      end: () => {
        client.state = 'ended';
        this.serve(client);
      },
    };
  }

  /** Executes the requests of a client as far as the state of the server permits. */
  serve(client: Client): void {
    while (this.process === 'running' && client.blocked === undefined && client.state !== 'gone') {
      const next = client.queue[0];
      if (next === undefined || this.#isPostponed(next, client)) {
        break;
      }
      client.queue.shift();
      execute(this, client, next);
    }
    if (client.state === 'ended' && this.process === 'running') {
      this.close(client);
    }
  }

  /** `REPLICAOF`: only blocked clients get an error. */
  replicaOf(upstream: Server): void {
    if (this.replica.upstream === upstream || this.process !== 'running' || upstream === this) {
      return;
    }
    this.#note(`REPLICAOF ${upstream.name}`);
    this.rogue = undefined;
    this.replica.follow(upstream);
    this.unblockAll();
  }

  /** `REPLICAOF NO ONE`: no client is notified. */
  promote(): void {
    if (this.role === 'master' || this.process !== 'running') {
      return;
    }
    this.replica.unfollow();
    this.rogue = undefined;
    this.log.shift();
    this.#note(`REPLICAOF NO ONE, now ${this.log.id} after ${this.log.previousId}`);
    this.replica.dropFollowers();
  }

  /** Unblocks waiting clients with an error, as a change of role does. */
  unblockAll(message = UNBLOCKED): void {
    for (const client of this.clients) {
      if (client.blocked !== undefined && this.process === 'running') {
        client.reply(error(message));
        this.close(client);
      }
    }
  }

  close(client: Client, how: 'end' | 'reset' = 'end'): void {
    this.#drop(client);
    client.connection.close(how);
  }

  /** `CLIENT KILL` of all clients, or of some. */
  killClients(isMeant: (client: Client) => boolean = () => true): void {
    [...this.clients].filter(isMeant).forEach((client) => this.close(client));
  }

  save(): void {
    this.#saved = this.log.save();
  }

  /** The process dies. The machine closes its connections, unless it dies as well. */
  die(how: 'killed' | 'without power'): void {
    this.#note(how === 'killed' ? 'killed' : 'lost power');
    this.process = 'dead';
    this.rogue = undefined;
    this.machine = how === 'killed' ? 'on' : 'off';
    for (const client of this.clients) {
      this.#drop(client);
      if (how === 'killed') {
        client.connection.close('reset');
      } else {
        client.connection.forget();
      }
    }
    this.replica.die(how);
  }

  /** As `die`, and nobody starts it again. */
  dieForGood(how: 'killed' | 'without power'): void {
    this.#fate = 'gone';
    this.die(how);
  }

  /** Starts a new process, with the data on disk or without data, as a master or as a replica. */
  start(from: 'disk' | 'nothing', upstream?: Server): void {
    if (this.process !== 'dead' || this.isGone) {
      return;
    }
    const role = upstream === undefined ? 'master' : 'replica';
    const { newId } = this.settings;
    this.machine = 'on';
    this.process = 'running';
    this.trouble = undefined;
    this.paused = 'nothing';
    this.runId = newId();
    this.log = from === 'disk' ? ReplicationLog.load(newId, this.#saved, role) : new ReplicationLog(newId);
    this.#note(
      `started from ${from} as ${role}, run ${this.runId}, ${this.log.id} after ${this.log.previousId}`,
    );
    this.replica.begin(upstream);
  }

  hang(): void {
    if (this.process === 'running') {
      this.#note('hangs');
      this.process = 'hung';
    }
  }

  /** Continues after a hang or a pause, and executes what arrived meanwhile. */
  resume(): void {
    if (this.process === 'hung') {
      this.#note('goes on');
      this.process = 'running';
    }
    this.replica.resume();
    this.clients.forEach((client) => this.serve(client));
  }

  /** Passes a command that the master has executed to its replicas. */
  replicate(commands: readonly (readonly string[])[]): void {
    if (commands.length > 0) {
      this.log.append(commands);
      this.replica.tellFollowers();
    }
  }

  /** Records an executed command. */
  record(client: Client, { request, reply, exec, underWatch }: Done): void {
    const op = opOf(request);
    if (op !== undefined) {
      this.settings.history.add({
        kind: 'executed',
        node: this.name,
        op,
        connection: client.connection.id,
        reply: valueOf(reply),
        ...(exec !== undefined && { exec }),
        ...(underWatch === true && { underWatch }),
      });
    }
  }

  nextExec(): number {
    this.#execs += 1;
    return this.#execs;
  }

  #isPostponed([name = '']: readonly string[], { transaction }: Client): boolean {
    const command = name.toUpperCase();
    const writes =
      command === 'EXEC'
        ? (transaction?.commands ?? []).some(([member = '']) => isWrite(member.toUpperCase()))
        : transaction === undefined && (isWrite(command) || command === 'PUBLISH');
    return this.paused === 'all' || (this.paused === 'writes' && writes);
  }

  #drop(client: Client): void {
    client.blocked?.callOff();
    client.blocked = undefined;
    client.state = 'gone';
    this.clients.delete(client);
  }

  #note(text: string): void {
    this.settings.history.add({ kind: 'server', node: this.name, text });
  }
}

const UNBLOCKED =
  'UNBLOCKED force unblock from blocking operation, instance state changed (master -> replica?)';

interface Done {
  readonly request: readonly string[];
  readonly reply: Reply;
  readonly exec?: string;
  readonly underWatch?: boolean;
}
