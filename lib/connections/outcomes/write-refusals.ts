import { exists, hasFlag } from '@ioredis/commands';
import type { Command } from 'ioredis';
import type { Notices } from '../../notices/notices.js';
import { line, withFacts } from '../../topology/log-line.js';
import { safeText } from '../../topology/safe-text.js';

/** Refusals that concern all writes, with the flag of the commands that they concern. */
const REFUSALS = new Map([
  ['OOM', 'denyoom'],
  ['NOREPLICAS', 'write'],
  ['MISCONF', 'write'],
] as const);

type Code = 'OOM' | 'NOREPLICAS' | 'MISCONF';

/** Tells once that a master refuses writes for a reason that only an operator can end, and once that it takes them again. */
export class WriteRefusals {
  readonly #notices: Notices;
  readonly #open = new Set<Code>();

  constructor(notices: Notices) {
    this.#notices = notices;
  }

  /** Notes the error reply to a command. */
  note(message: string, node: string | undefined): void {
    for (const code of REFUSALS.keys()) {
      if (message.startsWith(`${code} `)) {
        this.#open.add(code);
        this.#notices.raise(code, {
          code: 'RR420',
          level: 'warn',
          ...withFacts(line`${{ node }} refuses writes: ${{ reason: safeText(message) }}`, { refusal: code }),
        });
      }
    }
  }

  /** Whether a refusal lasts. */
  get isOpen(): boolean {
    return this.#open.size > 0;
  }

  /** Call it for every command that is sent meanwhile: if one is done while a refusal lasts, the refusal may be over. */
  onSend(command: Command): void {
    if (this.#open.size > 0) {
      command.promise.then(
        () => this.#onDone(command.name.toLowerCase()),
        () => undefined,
      );
    }
  }

  #onDone(name: string): void {
    for (const code of this.#open) {
      const flag = REFUSALS.get(code);
      if (flag !== undefined && exists(name) && hasFlag(name, flag)) {
        this.#open.delete(code);
        this.#notices.end(code, {
          code: 'RR421',
          level: 'log',
          ...line`writes are taken again after ${{ refusal: code }}`,
        });
      }
    }
  }
}
