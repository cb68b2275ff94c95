import { Redis } from 'ioredis';
import { startGroup } from '../test/support/server-group.js';
import { startApp } from './app.js';
import { median } from './statistics.js';

const CALLERS = 64;
const WRITES = 40_000;

/** `SET`s per second of the writer against a raw ioredis, in turn in one process. */
export async function benchThroughput(pairs: number): Promise<void> {
  const group = await startGroup();
  const app = await startApp(group.endpoints);
  const raw = new Redis({ host: group.master.host, port: group.master.port });
  try {
    await writesPerSecond(raw);
    await writesPerSecond(app.writer);
    const runs = [];
    for (let pair = 0; pair < pairs; pair += 1) {
      // Who goes first changes, so that a drift of the machine favours neither.
      const order = pair % 2 === 0 ? [raw, app.writer] : [app.writer, raw];
      const rates = new Map<Redis, number>();
      for (const client of order) {
        rates.set(client, await writesPerSecond(client));
      }
      runs.push({ raw: rates.get(raw) ?? 0, writer: rates.get(app.writer) ?? 0 });
    }
    const ratio = median(runs.map((run) => run.writer / run.raw));
    console.log(`\nSET, ${CALLERS} concurrent callers, ${pairs} alternating pairs of ${WRITES}`);
    console.log(
      `raw ioredis ${perSecond(runs.map((run) => run.raw))}, writer ${perSecond(runs.map((run) => run.writer))}`,
    );
    console.log(`writer ÷ raw ioredis, median of pairs: ${ratio.toFixed(3)}`);
  } finally {
    raw.disconnect();
    await app.close();
    await group.stop();
  }
}

async function writesPerSecond(client: Redis): Promise<number> {
  let left = WRITES;
  const startedAt = performance.now();
  const caller = async () => {
    while (left > 0) {
      left -= 1;
      await client.set('bench', 'value');
    }
  };
  await Promise.all(Array.from({ length: CALLERS }, caller));
  return (WRITES / (performance.now() - startedAt)) * 1000;
}

function perSecond(rates: readonly number[]): string {
  return `${Math.round(median(rates)).toLocaleString('en')}/s`;
}
