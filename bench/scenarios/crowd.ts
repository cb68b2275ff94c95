import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** Many plain connections to one node. */
export interface CrowdOrder {
  readonly host: string;
  readonly port: number;
  readonly size: number;
  /** What each connection sends once. */
  readonly greeting?: string;
  /** What the connections send in turn, together so many times a second; `#` stands for a number that grows. */
  readonly repeated?: { readonly command: string; readonly perSecond: number };
}

/** Opens them in a process of their own, which delays no app; resolves when all are open. Returns how to close them. */
export async function startCrowd(order: CrowdOrder): Promise<() => void> {
  const child = fork(fileURLToPath(new URL('./crowd-process.ts', import.meta.url)));
  child.send(order);
  await once(child, 'message');
  return () => child.kill();
}
