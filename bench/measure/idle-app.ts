import { setTimeout as delay } from 'node:timers/promises';
import { staticNodes } from 'nestjs-redis-replication';
import { startApp, type App } from '../contenders/this-library.js';

/** The orders of the parent process. */
export interface IdleOrder {
  readonly endpoints: readonly string[];
  /** How long to wait before anything is counted. */
  readonly settleMs: number;
  readonly seconds: number;
  readonly instances: number;
}

/** One app that does nothing, and then many of them, as this process sees it. */
export interface IdleCost {
  readonly cpuSecondsPerHour: number;
  /** The growth of the process, divided by the number of apps. */
  readonly memoryBytesPerApp: number;
  readonly timers: number;
}

// A process of its own: nothing else runs in it whose time and memory would be counted.
process.once('message', (message) => {
  void run(readOrder(message));
});

async function run({ endpoints, settleMs, seconds, instances }: IdleOrder): Promise<void> {
  const open = () => startApp(staticNodes(endpoints), { count: endpoints.length });
  const timersBefore = countTimers();
  const app = await open();
  process.send?.('open');
  await delay(settleMs);
  const timers = countTimers() - timersBefore;
  const cpuBefore = process.cpuUsage();
  await delay(seconds * 1000);
  const cpu = process.cpuUsage(cpuBefore);
  // By then the parent has counted connections and commands, too.
  await delay(1000);
  const memoryBytesPerApp = await measureMemory(open, instances);
  await app.close();
  const cost: IdleCost = {
    cpuSecondsPerHour: ((cpu.user + cpu.system) / 1e6 / seconds) * 3600,
    memoryBytesPerApp,
    timers,
  };
  process.send?.(cost, () => process.disconnect?.());
}

async function measureMemory(open: () => Promise<App>, instances: number): Promise<number> {
  const before = usedMemory();
  const apps: App[] = [];
  for (let number = 0; number < instances; number += 1) apps.push(await open());
  await delay(1000);
  const grown = usedMemory() - before;
  await Promise.all(apps.map((app) => app.close()));
  return grown / instances;
}

/** JavaScript heap and buffers after a collection, because the memory of the process depends on when that last ran. */
function usedMemory(): number {
  globalThis.gc?.();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

function countTimers(): number {
  return process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
}

function readOrder(message: unknown): IdleOrder {
  if (typeof message !== 'object' || message === null) throw new Error('No order was given');
  const endpoints: unknown = Reflect.get(message, 'endpoints');
  return {
    endpoints: Array.isArray(endpoints) ? endpoints.map(String) : [],
    settleMs: Number(Reflect.get(message, 'settleMs')),
    seconds: Number(Reflect.get(message, 'seconds')),
    instances: Number(Reflect.get(message, 'instances')),
  };
}
