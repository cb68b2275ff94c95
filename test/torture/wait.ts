import { setTimeout as delay } from 'node:timers/promises';
import { until } from '../support/until.js';
import type { FaultContext } from './fault-context.js';
import type { TortureNode } from './group.js';
import { connectionName } from './keys.js';
import type { Load } from './load.js';

/** How long a fault lasts; what comes of it is never waited for this way. */
export async function lastAWhile({ random }: Pick<FaultContext, 'random'>, maxMs = 1500): Promise<void> {
  await delay(20 + random.below(maxMs));
}

/** Every app takes the rightful master for the master. */
export async function whenFollowed({ group, loads }: FaultContext): Promise<void> {
  const { name } = group.master;
  await until(`both apps follow ${name}`, () => loads.every(({ app }) => app.master() === name), {
    timeoutMs: 15_000,
    state: () => loads.map(({ app }) => `${app.name} follows ${app.master() ?? 'nobody'}`).join(', '),
  });
}

/** No writer, reader or duplicate of an app is connected to it, as the server itself sees it. */
export async function whenLeft({ server, name }: TortureNode): Promise<void> {
  let left = 0;
  const isLeft = async () => {
    const clients = String(await server.command('CLIENT', 'LIST')).split('\n');
    left = clients.filter((line) => line.includes(` name=${connectionName} `)).length;
    return left === 0;
  };
  await until(`the apps have left ${name}`, isLeft, {
    timeoutMs: 15_000,
    state: () => `${left} connections`,
  });
}

/** The subscriber of every app has received something that was published after `since`. */
export async function whenHeard(loads: readonly Load[], since: number): Promise<void> {
  await until(
    'both subscribers hear what is published',
    () => loads.every(({ app }) => app.heardAt() > since),
    {
      timeoutMs: 15_000,
      state: () =>
        loads.map(({ app }) => `${app.name} last heard of ${app.heardAt()} (now ${since})`).join(', '),
    },
  );
}

/** Any replica. */
export function anyReplica({ group, random }: FaultContext): TortureNode {
  const [first, ...rest] = group.replicas;
  if (first === undefined) throw new Error('The group has no replica');
  return random.oneOf([first, ...rest]);
}
