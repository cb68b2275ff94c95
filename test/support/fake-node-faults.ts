import { error } from './resp.js';
import type { Reply } from './resp.js';

export interface Faults {
  hang(...names: string[]): void;
  resume(): void;
  refuse(message: string, ...names: string[]): void;
  allow(): void;
  /** Resolves when the command no longer hangs: with the refusal, or with undefined if it may run. */
  pass(name: string): Promise<Reply | undefined>;
}

/** Which commands hang or are refused. No names mean all commands. */
export function createFaults(): Faults {
  let hanging: readonly string[][] = [];
  let refusals: readonly { readonly names: string[]; readonly message: string }[] = [];
  let waiting: (() => void)[] = [];
  const isHanging = (name: string) => hanging.some((names) => covers(names, name));
  return {
    hang(...names) {
      hanging = [...hanging, names];
    },
    resume() {
      hanging = [];
      const released = waiting;
      waiting = [];
      for (const release of released) release();
    },
    refuse(message, ...names) {
      refusals = [{ names, message }, ...refusals];
    },
    allow() {
      refusals = [];
    },
    async pass(name) {
      while (isHanging(name)) await new Promise<void>((release) => waiting.push(release));
      const refusal = refusals.find(({ names }) => covers(names, name));
      return refusal && error(refusal.message);
    },
  };
}

function covers(names: readonly string[], name: string): boolean {
  return names.length === 0 || names.some((one) => one.toUpperCase() === name);
}
