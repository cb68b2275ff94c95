import { setTimeout as delay } from 'node:timers/promises';
import { staticNodes } from 'nestjs-redis-replication';
import { parseEndpoint } from '../../lib/topology/endpoint.js';
import { writesKey, type Address } from '../contenders/contender.js';
import { outcomeOf } from '../contenders/outcome-of.js';
import { startApp } from '../contenders/this-library.js';
import { openTold } from '../contenders/told-ioredis.js';
import {
  readOrder,
  wallClock,
  type FleetKind,
  type FleetOrder,
  type InstanceReport,
} from './fleet-messages.js';

interface Instance {
  readonly number: number;
  readonly write: (id: string) => Promise<unknown>;
  readonly tell: (master: Address) => void;
}

const instances: Instance[] = [];
let endRound: () => void = () => undefined;

process.on('message', (message) => {
  void follow(readOrder(message));
});
// This process must not outlive the benchmark, however that ends.
process.once('disconnect', () => process.exit());

async function follow(order: FleetOrder): Promise<void> {
  switch (order.kind) {
    case 'open':
      for (const number of order.instances) {
        instances.push({ number, ...(await openers[order.fleet](order.endpoints)) });
      }
      process.send?.('open');
      return;
    case 'write':
      process.send?.(await play(order.round));
      return;
    case 'tell':
      instances.forEach(({ tell }) => tell(parseEndpoint(order.master)));
      return;
    case 'report':
      endRound();
      return;
    default:
      order satisfies never;
  }
}

type Open = (endpoints: readonly string[]) => Promise<Omit<Instance, 'number'>>;

const openers: Readonly<Record<FleetKind, Open>> = {
  async apps(endpoints) {
    const { writer } = await startApp(staticNodes(endpoints), { count: endpoints.length });
    return { write: (id) => writer.rpush(writesKey, id), tell: () => undefined };
  },
  floor: ([master = '']) => openTold(parseEndpoint(master)),
};

/** Ends when every instance has a write acknowledged, or the round is ended. */
async function play(round: number): Promise<readonly InstanceReport[]> {
  const players = instances.map((instance) => createPlayer(instance, round));
  const isOver = new Promise<void>((resolve) => {
    endRound = resolve;
  });
  const flow = { isOn: true };
  await Promise.race([Promise.all(players.map((player) => player.write(flow))), isOver]);
  flow.isOn = false;
  return players.map((player) => player.report());
}

interface Player {
  readonly write: (flow: { readonly isOn: boolean }) => Promise<void>;
  readonly report: () => InstanceReport;
}

/** The pause of a caller after an error, without which it would fail in a busy loop. */
const pauseAfterErrorMs = 1;

/** A caller with one write at a time, which it issues again until it is acknowledged. */
function createPlayer({ number, write }: Instance, round: number): Player {
  const refused: Record<'failed' | 'unknown', string[]> = { failed: [], unknown: [] };
  let done: { readonly acknowledged: string; readonly at: number } | undefined;
  return {
    async write(flow) {
      for (let attempt = 1; flow.isOn && done === undefined; attempt += 1) {
        const id = `${round}:${number}:${attempt}`;
        try {
          await write(id);
          done = { acknowledged: id, at: wallClock() };
        } catch (error) {
          refused[outcomeOf(error)].push(id);
          await delay(pauseAfterErrorMs);
        }
      }
    },
    report: () => ({ instance: number, ...(done ?? { acknowledged: null, at: null }), ...refused }),
  };
}
