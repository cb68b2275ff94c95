import type { Redis } from 'ioredis';
import { Replication } from '../../lib/nest/replication.js';
import { resolveOptions } from '../../lib/nest/resolve-options.js';
import { staticNodes } from '../../lib/sources/static-nodes.js';
import { seededRandom } from '../topology/seeded-random.js';
import { createChaos, type Chaos, type Fault } from './chaos.js';
import { check } from './check.js';
import { disturbances, faults, heal, pushedFaults } from './faults.js';
import type { Entry } from './history.js';
import { Load } from './load.js';
import { losses } from './losses.js';
import { renamings } from './renamings.js';
import { letRogueIn } from './rogues.js';
import { boundsFor, recoveryMsOf, settingsFor, type Settings } from './settings.js';
import { takeSample } from './truth.js';
import type { Violation } from './violation.js';
import { createWorld, type World } from './world.js';

/** The result of one seed. */
export interface Result {
  readonly seed: number;
  readonly settings: Settings;
  readonly entries: readonly Entry[];
  readonly violations: readonly Violation[];
}

/** Runs the library through random faults, all of which the seed determines. */
export async function runSchedule(seed: number): Promise<Result> {
  const settings = settingsFor(seed);
  const world = createWorld(settings);
  const { below } = seededRandom(seed + 4);
  const restore = world.clock.install(() => below(2 ** 32) / 2 ** 32);
  const uncaught = (error: unknown) => world.history.add({ kind: 'uncaught', text: describe(error) });
  process.on('unhandledRejection', uncaught);
  try {
    await live(settings, world);
  } catch (error) {
    uncaught(error);
  } finally {
    process.off('unhandledRejection', uncaught);
    restore();
  }
  const { entries } = world.history;
  return { seed, settings, entries, violations: check(entries, { settings, bounds: boundsFor(settings) }) };
}

interface App {
  readonly replication: Replication;
  readonly writer: Redis;
  readonly load: Load;
}

async function live(settings: Settings, world: World): Promise<void> {
  const { clock, random } = world;
  const count = settings.story === 'faults' ? random.oneOf([1, 1, 2, 3]) : 1;
  const { chaos, begin, end } = createChaos(world, count === 1);
  const app = startApp(settings, world);
  sampleForever(world, app.writer);
  for (let left = count; left > 0; left -= 1) {
    const fault = random.oneOf(faultsOf[settings.story]);
    clock.after(random.oneOf([0, 500, 500]) + random.below(1500), () => begin(fault));
  }
  if (settings.story === 'loss' || settings.story === 'names') {
    disturb(chaos, begin);
  }
  if (random.chance(0.3)) {
    clock.after(random.below(3000), () => chaos.setClock());
  }
  letRogueIn(settings, world);
  clock.after(random.below(3000), () => subscribe('late', world, app.replication));
  await clock.run(random.oneOf(settings.story === 'loss' ? [4000, 8000, 12_000] : [2000, 2500, 3000, 6000]));
  end();
  if (settings.ending === 'after recovery') {
    await recover(settings, world, { ...app, chaos });
  }
  await close(settings, world, app);
  await finish(world);
}

const faultsOf = { faults, quiet: pushedFaults, loss: losses, names: renamings };

/** Something small happens as well. */
function disturb({ random, world }: Chaos, begin: (fault: Fault) => void): void {
  if (random.chance(0.4)) {
    const fault = random.oneOf(disturbances);
    world.clock.after(random.below(4000), () => begin(fault));
  }
}

function startApp(settings: Settings, world: World): App {
  const { hold, readFrom, resend, requireMajority } = settings;
  const { pollIntervalMs, replyTimeoutMs, shutdownTimeoutMs, acceptAfterMs } = settings;
  const { history, clock, network } = world;
  const options = resolveOptions({
    source: staticNodes(settings.nodes),
    redis: redisOptions(settings),
    hold,
    readFrom,
    resend,
    requireMajority,
    unproven: { acceptAfterMs },
    pollIntervalMs,
    replyTimeoutMs,
    shutdownTimeoutMs,
  });
  const replication = new Replication(
    options,
    ({ text }) => history.add({ kind: 'note', text }),
    network.dial,
  );
  subscribe('first', world, replication);
  const writer = replication.createWriter();
  const reader = replication.createReader();
  void replication.onModuleInit();
  const random = seededRandom(settings.seed + 5);
  const load = new Load({ ...settings, clock, history, random, writer, reader });
  load.start();
  return { replication, writer, load };
}

function redisOptions(settings: Settings) {
  const { password, protocol, connectTimeoutMs, commandTimeoutMs, autoPipelining } = settings;
  return {
    protocol,
    connectTimeout: connectTimeoutMs,
    enableAutoPipelining: autoPipelining,
    ...(password !== undefined && { password }),
    ...(commandTimeoutMs !== undefined && { commandTimeout: commandTimeoutMs }),
  } as const;
}

function subscribe(subscriber: 'first' | 'late', { history }: World, { topology$ }: Replication): void {
  topology$.subscribe((topology) => history.add({ kind: 'topology', subscriber, topology }));
}

const SAMPLE_MS = 50;

function sampleForever(world: World, writer: Redis): void {
  world.history.add({ kind: 'sample', sample: takeSample(world, writer) });
  world.clock.after(SAMPLE_MS, () => sampleForever(world, writer));
}

/** Heals the group; then writes, reads and subscriptions must work again in time. */
async function recover(
  settings: Settings,
  world: World,
  { load, chaos }: App & { readonly chaos: Chaos },
): Promise<void> {
  const { clock, history, servers } = world;
  history.add({ kind: 'milestone', name: 'healed', node: heal(chaos) });
  const limit = clock.now + recoveryMsOf(settings, servers) + 1000;
  const receivedBefore = load.received;
  // Without the run id, an idle connection to a machine that lost power and was back before the next probe goes unnoticed.
  const isHidden = settings.rights === 'no INFO' || servers.some(({ rogue }) => rogue !== undefined);
  const isReceived = settings.workers > 0 && !isHidden;
  const works = { write: false, read: !canRead(world), publish: !isReceived };
  const attempt = async (what: 'write' | 'read' | 'publish') => {
    while (!works[what] && clock.now < limit) {
      const { outcome } = await load[what]();
      works[what] ||= outcome === 'done' && (what !== 'publish' || load.received > receivedBefore);
      await clock.pause(20);
    }
    if (works[what]) {
      history.add({ kind: 'milestone', name: `${what} works` });
    }
  };
  (['write', 'read', 'publish'] as const).forEach((what) => void attempt(what));
  await clock.run(limit, () => works.write && works.read && works.publish);
  if (world.random.chance(0.25)) {
    await restInPeace(world, chaos);
  }
}

/** After a last alarm nothing happens for a while, but somebody may have set the clock. */
async function restInPeace({ clock, history, random }: World, chaos: Chaos): Promise<void> {
  if (random.chance(0.7)) {
    chaos.setClock();
  }
  chaos.any().unblockAll();
  history.add({ kind: 'milestone', name: 'calm' });
  await clock.run(clock.now + 3500);
}

/**
 * Whether the reader may use any of the nodes that are left. An app whose names all led to the master when it dialled them
 * looks for no replica behind them.
 */
function canRead({ settings, servers }: World): boolean {
  const isReplicaLeft = servers.some(({ role, isGone }) => role === 'replica' && !isGone);
  return settings.readFrom !== 'replica' || (isReplicaLeft && settings.story !== 'names');
}

async function close(
  settings: Settings,
  { clock, history }: World,
  { replication, load }: App,
): Promise<void> {
  history.add({ kind: 'milestone', name: 'closing' });
  load.stop();
  replication.onApplicationShutdown().then(
    () => history.add({ kind: 'milestone', name: 'closed' }),
    (error: unknown) => history.add({ kind: 'uncaught', text: `closing failed: ${describe(error)}` }),
  );
  await clock.run(clock.now + boundsFor(settings).closeMs);
  history.add({ kind: 'milestone', name: 'must be closed' });
}

/** Lets the servers execute what was already sent to them. */
async function finish({ clock, history, network, servers }: World): Promise<void> {
  for (const server of servers) {
    network.change(server.name, { toNode: 'free', fromNode: 'free', extraMs: 0 });
    server.paused = 'nothing';
    server.trouble = undefined;
    server.resume();
  }
  await clock.run(clock.now + 2000);
  history.add({ kind: 'milestone', name: 'end' });
}

function describe(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
