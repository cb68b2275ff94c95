import { onTestFinished } from 'vitest';
import type { FindingId, Severity } from '../../lib/doctor/finding.js';
import type { RedisServer } from '../../lib/testing/servers/redis-server.js';
import { follow, whenInSync } from '../../lib/testing/servers/replication.js';
import type { ServerGroup } from '../../lib/testing/servers/server-group.js';
import type { Examination } from './examine.js';

export interface Stage {
  /** One master and two replicas, in sync. */
  readonly group: ServerGroup;
  readonly master: RedisServer;
  readonly first: RedisServer;
  readonly second: RedisServer;
  /** A master of another group. */
  readonly stranger: RedisServer;
}

/** A fault, how to bring it about, and what the command has to say of it. */
export interface Fault {
  readonly name: string;
  /** Returns how to call the command; default: with all nodes of the group. Undoes what it did when the test is over. */
  readonly arrange: (stage: Stage) => Promise<Partial<Examination> | void> | Partial<Examination> | void;
  readonly finds: FindingId;
  /** Default `warning`. */
  readonly severity?: Severity;
  readonly what?: RegExp;
  /** The line to run, or what to change. */
  readonly remedy: RegExp;
}

/** Where nobody answers, the command need not wait for long. */
export const impatient = ['--reply-timeout-ms', '100'] as const;

/** Sets one option, and sets it back when the test is over. */
export async function configure(node: RedisServer, name: string, value: string | number): Promise<void> {
  const [, before = ''] = [await node.command('CONFIG', 'GET', name)].flat().map(String);
  await node.command('CONFIG', 'SET', name, String(value));
  onTestFinished(async () => void (await node.command('CONFIG', 'SET', name, before)));
}

/** Puts the group back as it was at the start, when the test is over. */
export function restoreAfterwards({ master, first, second }: Stage): void {
  onTestFinished(async () => {
    await master.command('REPLICAOF', 'NO', 'ONE');
    await Promise.all([first, second].map((node) => follow(node, master)));
    await whenInSync(master, [first, second]);
  });
}
