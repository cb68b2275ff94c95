import { firstValueFrom, ReplaySubject } from 'rxjs';
import { isForbidden } from '../../replies/is-forbidden.js';
import type { Channel, Right, RightName } from '../facts.js';
import { within } from './within.js';

export type Call = (...command: readonly [string, ...string[]]) => Promise<unknown>;

/** Whether a command may be run. A refusal for another reason, such as `READONLY`, is given after this was checked. */
export async function askRight(name: RightName, reply: Promise<unknown>): Promise<Right> {
  try {
    await reply;
    return { name, outcome: 'granted' };
  } catch (error) {
    return { name, outcome: outcomeOf(error) };
  }
}

/** Servers differ in the words: `…access one of the keys used as arguments`, `…access the 'name' key`. */
function outcomeOf(error: unknown): Right['outcome'] {
  const message = error instanceof Error ? error.message : '';
  if (message.startsWith('WRONGTYPE')) {
    return 'wrong type';
  }
  if (!isForbidden(error)) {
    return 'granted';
  }
  if (!/\baccess\b/.test(message)) {
    return 'no command';
  }
  return /\bchannels?\b/.test(message) ? 'no channel' : 'no key';
}

interface Subscriber {
  readonly call: Call;
  readonly subscribe: (channel: string, onMessage: (message: string) => void) => Promise<unknown>;
}

interface ChannelAnswer {
  readonly channel: Channel;
  readonly rights: readonly Right[];
}

/** Whether a message that is published arrives. The apps ignore it, because it does not begin with a run id. */
export async function askChannel(
  { call, subscribe }: Subscriber,
  channel: string,
  limitMs: number,
): Promise<ChannelAnswer> {
  const message = 'doctor';
  const heard$ = new ReplaySubject<void>(1);
  const onMessage = (text: string) => text === message && heard$.next();
  const numbers = call('PUBSUB', 'NUMSUB', channel);
  try {
    const rights = await within(
      limitMs,
      Promise.all([
        askRight('subscribe', subscribe(channel, onMessage)),
        askRight('publish', call('PUBLISH', channel, message)),
        askRight('pubsub', numbers),
      ]),
    );
    if (rights.some(({ outcome }) => outcome !== 'granted')) {
      return { channel: { kind: 'forbidden' }, rights };
    }
    await within(limitMs, firstValueFrom(heard$));
    return { channel: { kind: 'works', apps: Math.max(0, countIn(await numbers) - OURS) }, rights };
  } catch {
    return { channel: { kind: 'silent' }, rights: [] };
  }
}

/** The observer that runs beside listens, too. */
const OURS = 1;

function countIn(reply: unknown): number {
  const count: unknown = Array.isArray(reply) ? reply[1] : undefined;
  return typeof count === 'number' ? count : 0;
}
