import { setTimeout as delay } from 'node:timers/promises';
import { until } from '../../lib/testing/servers/until.js';
import type { FaultContext } from './fault-context.js';
import type { TortureNode } from './group.js';
import { connectionName } from './keys.js';
import type { Load } from './load.js';

/** How long a fault lasts. Never used to wait for an effect. */
export async function lastAWhile({ random }: Pick<FaultContext, 'random'>, maxMs = 1500): Promise<void> {
  await delay(20 + random.below(maxMs));
}

/** Waits until every app accepts the rightful master. */
export async function whenFollowed({ group, loads }: FaultContext): Promise<void> {
  const { name } = group.master;
  await until(`both apps follow ${name}`, () => loads.every(({ app }) => app.master() === name), {
    timeoutMs: 15_000,
    state: () => loads.map(({ app }) => `${app.name} follows ${app.master() ?? 'nobody'}`).join(', '),
  });
}

/** Waits until no writer, reader or duplicate is connected to it, according to the server. */
export async function whenLeft({ server, name }: TortureNode): Promise<void> {
  let left = 0;
  const isLeft = async () => {
    const clients = String(await server.command('CLIENT', 'LIST')).split('\n');
    left = clients.filter(
      (line) =>
        line.includes(` name=${connectionName}:writer`) || line.includes(` name=${connectionName}:reader`),
    ).length;
    return left === 0;
  };
  await until(`the apps have left ${name}`, isLeft, {
    timeoutMs: 15_000,
    state: () => `${left} connections`,
  });
}

/** Waits until the subscriber of every app has received a message that was published after `since`. */
export async function whenReceived(loads: readonly Load[], since: number): Promise<void> {
  await until('both subscribers receive messages', () => loads.every(({ app }) => app.receivedAt() > since), {
    timeoutMs: 15_000,
    state: () =>
      loads.map(({ app }) => `${app.name} last received ${app.receivedAt()} (now ${since})`).join(', '),
  });
}

/** Any replica. */
export function anyReplica({ group, random }: FaultContext): TortureNode {
  const [first, ...rest] = group.replicas;
  if (first === undefined) throw new Error('The group has no replica');
  return random.oneOf([first, ...rest]);
}
