import { setTimeout as delay } from 'node:timers/promises';
import { staticNodes } from 'nestjs-redis-replication';
import { writesKey } from '../contenders/contender.js';
import { outcomeOf } from '../contenders/outcome-of.js';
import { startApp, type App } from '../contenders/this-library.js';
import { readOrder, wallClock, type FleetOrder, type InstanceReport } from './fleet-messages.js';

interface Instance {
  readonly number: number;
  readonly app: App;
}

const instances: Instance[] = [];
let endRound: () => void = () => undefined;

process.on('message', (message) => {
  void follow(readOrder(message));
});
// Whatever becomes of the benchmark, this process does not outlive it.
process.once('disconnect', () => process.exit());

async function follow(order: FleetOrder): Promise<void> {
  switch (order.kind) {
    case 'open':
      await open(order.endpoints, order.instances);
      process.send?.('open');
      return;
    case 'write':
      process.send?.(await play(order.round));
      return;
    case 'report':
      endRound();
      return;
    default:
      order satisfies never;
  }
}

async function open(endpoints: readonly string[], numbers: readonly number[]): Promise<void> {
  for (const number of numbers) {
    instances.push({ number, app: await startApp(staticNodes(endpoints), endpoints.length) });
  }
}

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

/** After an error a caller waits a moment, or else it would do nothing but fail. */
const pauseAfterErrorMs = 1;

/** A caller with one write at a time, which it issues again until it is acknowledged. */
function createPlayer({ number, app }: Instance, round: number): Player {
  const refused: Record<'failed' | 'unknown', string[]> = { failed: [], unknown: [] };
  let done: { readonly acknowledged: string; readonly at: number } | undefined;
  return {
    async write(flow) {
      for (let attempt = 1; flow.isOn && done === undefined; attempt += 1) {
        const id = `${round}:${number}:${attempt}`;
        try {
          await app.writer.rpush(writesKey, id);
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
