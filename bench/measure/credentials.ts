import 'reflect-metadata';
import { setTimeout as delay } from 'node:timers/promises';
import { NestFactory } from '@nestjs/core';
import type { Redis } from 'ioredis';
import {
  getRedisReaderToken,
  getRedisWriterToken,
  RedisReplicationModule,
  staticNodes,
  type Credentials,
} from 'nestjs-redis-replication';
import { startGroup, type ServerGroup } from '../../lib/testing/servers/server-group.js';
import { summarize, type Summary } from './statistics.js';
import { countLogins, issuePassword, user, type CredentialsScenario } from '../scenarios/credentials.js';

/** From when commands were due to their replies, for as long as a renewal takes and for as long in calm. */
interface Delays<T> {
  readonly renewal: T;
  readonly calm: T;
}

/** What one renewal did. */
export interface Renewal extends Delays<Summary> {
  /** How many times the app was asked. */
  readonly calls: number;
  /** How many times connections logged in again, those that observe nodes included. */
  readonly logins: number;
}

export interface CredentialsResult {
  readonly scenario: string;
  readonly connections: number;
  readonly renewals: readonly Renewal[];
  readonly all: Delays<Summary>;
}

/** An app whose connections all log in again while each of them is used. */
export async function measureCredentials(
  scenario: CredentialsScenario,
  renewals: number,
): Promise<CredentialsResult> {
  const group = await startGroup({ replicas: 1, args: ['--maxclients', '4000'] });
  try {
    const app = await openApp(group, scenario);
    const load = startLoad(app.connections, scenario.commandEveryMs);
    const observed: Observed[] = [];
    for (let number = 0; number < warmUps + renewals; number += 1) {
      observed.push(await observeRenewal({ app, load, group, scenario }));
    }
    await load.stop();
    await app.close();
    const counted = observed.slice(warmUps);
    return {
      scenario: scenario.name,
      connections: scenario.connections,
      renewals: counted.map((each) => ({ ...each, ...summarizeBoth(each) })),
      all: summarizeBoth({
        renewal: counted.flatMap(({ renewal }) => renewal),
        calm: counted.flatMap(({ calm }) => calm),
      }),
    };
  } finally {
    await group.stop();
  }
}

/** The first renewals only warm everything up. */
const warmUps = 2;

type Observed = Omit<Renewal, keyof Delays<unknown>> & Delays<readonly number[]>;

function summarizeBoth({ renewal, calm }: Delays<readonly number[]>): Delays<Summary> {
  return { renewal: summarize(renewal), calm: summarize(calm) };
}

interface App {
  readonly connections: readonly Redis[];
  readonly issuer: Issuer;
  readonly close: () => Promise<void>;
}

interface Stage {
  readonly app: App;
  readonly load: Load;
  readonly group: ServerGroup;
  readonly scenario: CredentialsScenario;
}

async function observeRenewal({ app, load, group, scenario }: Stage): Promise<Observed> {
  const { windowMs, validMs } = scenario;
  const before = { calls: app.issuer.calls, logins: await countLogins(group.nodes) };
  const beganAt = await app.issuer.nextCall();
  await delay(windowMs + repliesMs);
  const logins = (await countLogins(group.nodes)) - before.logins;
  // Half-way to the next renewal, which comes after four fifths of the validity.
  const calmAt = beganAt + 0.4 * validMs;
  await delay(calmAt + windowMs + repliesMs - performance.now());
  return {
    calls: app.issuer.calls - before.calls,
    logins,
    renewal: load.within(beganAt, windowMs),
    calm: load.within(calmAt, windowMs),
  };
}

/** Until commands that were due in time are answered. */
const repliesMs = 100;

interface Issuer {
  readonly calls: number;
  readonly issue: () => Promise<Credentials>;
  /** When the app is asked next, in the time of `performance.now()`. */
  readonly nextCall: () => Promise<number>;
}

/** The function of the app: a new password each time. */
function createIssuer(group: ServerGroup, validMs: number): Issuer {
  const state = { calls: 0, called: (_at: number): void => undefined };
  return {
    get calls() {
      return state.calls;
    },
    async issue() {
      state.calls += 1;
      const password = `password-${state.calls}`;
      await issuePassword(group, password);
      state.called(performance.now());
      return { username: user, password, expiresAt: Date.now() + validMs };
    },
    nextCall: () => new Promise((resolve) => (state.called = resolve)),
  };
}

async function openApp(group: ServerGroup, scenario: CredentialsScenario): Promise<App> {
  const issuer = createIssuer(group, scenario.validMs);
  const context = await NestFactory.createApplicationContext(
    RedisReplicationModule.forRoot({
      source: staticNodes(group.endpoints),
      credentials: issuer.issue,
      boot: 'required',
    }),
    { logger: false },
  );
  const writer = context.get<Redis>(getRedisWriterToken());
  const connections = [writer, context.get<Redis>(getRedisReaderToken())];
  while (connections.length < scenario.connections) {
    const more = Math.min(openedTogether, scenario.connections - connections.length);
    const duplicates = Array.from({ length: more }, () => writer.duplicate());
    await Promise.all(duplicates.map((redis) => redis.ping()));
    connections.push(...duplicates);
  }
  return {
    connections,
    issuer,
    async close() {
      connections.forEach((redis) => redis.disconnect());
      await context.close();
    },
  };
}

const openedTogether = 50;

interface Sample {
  readonly dueAt: number;
  readonly tookMs: number;
}

interface Load {
  /** How long the commands took that were due from then on. */
  readonly within: (from: number, forMs: number) => readonly number[];
  readonly stop: () => Promise<unknown>;
}

/** One connection after the other issues a command, evenly spread, so that each has its turn once in `everyMs`. */
function startLoad(connections: readonly Redis[], everyMs: number): Load {
  const samples: Sample[] = [];
  const flow = { isOn: true };
  const gapMs = everyMs / connections.length;
  const issue = async (redis: Redis, dueAt: number) => {
    await redis.get('bench:read');
    samples.push({ dueAt, tookMs: performance.now() - dueAt });
  };
  const run = async () => {
    const startedAt = performance.now();
    const underWay: Promise<void>[] = [];
    for (let turn = 0; flow.isOn; await delay(1)) {
      for (; startedAt + turn * gapMs <= performance.now(); turn += 1) {
        const redis = connections[turn % connections.length];
        if (redis !== undefined) underWay.push(issue(redis, startedAt + turn * gapMs));
      }
    }
    await Promise.all(underWay);
  };
  const ended = run();
  // Only awaited in the end, but it may fail earlier.
  ended.catch(() => undefined);
  return {
    within: (from, forMs) =>
      samples.filter(({ dueAt }) => dueAt >= from && dueAt < from + forMs).map(({ tookMs }) => tookMs),
    stop() {
      flow.isOn = false;
      return ended;
    },
  };
}
