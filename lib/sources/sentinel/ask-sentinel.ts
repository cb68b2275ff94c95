import type { Login } from '../../credentials/credentials.js';
import { keepLoggedIn } from '../../credentials/keep-logged-in.js';
import { logInWith, type Logins } from '../../credentials/logins.js';
import type { Connection } from '../../wire/connection.js';
import type { Value } from '../../wire/header.js';
import { logIn } from '../../wire/login.js';
import { ReplyError } from '../../wire/reply-error.js';
import { channels, concerns } from './events.js';
import type { Replies } from './listing.js';
import { elementsOf, fieldsOf } from './reply-fields.js';
import { noSentinel, noSuchName } from './sentinel-fault.js';

type Sentinel = Pick<Connection, 'open' | 'call' | 'subscribe' | 'closed'>;

interface Opening {
  readonly name: string;
  /** `host:port` of the Sentinel. */
  readonly node: string;
  readonly logins: Logins;
  /** Called with what is about to be sent, which the Sentinel may quote. */
  readonly onLogin: (login: Login) => void;
  readonly onEvent: () => void;
}

/**
 * Logs in, and subscribes to the events before anything is asked, so that no change falls in between. Without RESP3 (a
 * Sentinel before version 6, or a proxy) or without the permission, there are no events.
 *
 * @throws WrongSentinel if the server is no Sentinel.
 */
export async function openSentinel(sentinel: Sentinel, opening: Opening): Promise<void> {
  const { name, node, logins, onLogin, onEvent } = opening;
  const authenticate = (login: Login) => {
    onLogin(login);
    return logIn((...command) => sentinel.call(...command), login);
  };
  await sentinel.open();
  const sent = await logInWith(logins, authenticate);
  keepLoggedIn(logins, { node, sent, closed: sentinel.closed }, authenticate);
  const hello = fieldsOf(await ifAllowed(sentinel.call('HELLO')));
  const mode = hello.get('mode');
  if (typeof mode === 'string' && mode !== 'sentinel') {
    throw noSentinel(mode, hello.get('role') ?? null);
  }
  if (hello.get('proto') !== 3) {
    return;
  }
  const subscribe = (channel: string) =>
    sentinel.subscribe(channel, (message) => {
      if (concerns(channel, message, name)) {
        onEvent();
      }
    });
  await Promise.all(channels.map((channel) => ifAllowed(subscribe(channel))));
}

/** @throws WrongSentinel if the Sentinel does not monitor this group. */
export async function askSentinel(sentinel: Sentinel, name: string): Promise<Replies> {
  const [master, replicas, sentinels, id, info] = await Promise.all([
    callMaster(sentinel, name),
    callReplicas(sentinel, name),
    ifAllowed(sentinel.call('SENTINEL', 'SENTINELS', name)),
    ifAllowed(sentinel.call('SENTINEL', 'MYID')),
    ifAllowed(sentinel.call('INFO', 'sentinel')),
  ]);
  return { master, replicas, sentinels, id, info };
}

async function callMaster(sentinel: Sentinel, name: string): Promise<Value> {
  try {
    return await sentinel.call('SENTINEL', 'MASTER', name);
  } catch (error) {
    if (error instanceof ReplyError && /no such master/i.test(error.message)) {
      throw noSuchName(await ifAllowed(sentinel.call('ROLE')));
    }
    if (error instanceof ReplyError && /unknown command/i.test(error.message)) {
      throw await describeForeign(sentinel);
    }
    throw error;
  }
}

/** It may not have told its mode by `HELLO`. */
async function describeForeign(sentinel: Sentinel): Promise<Error> {
  const role = await ifAllowed(sentinel.call('ROLE'));
  return noSentinel('standalone', elementsOf(role)[0] ?? null);
}

/** Redis 5 renamed the command, and some services that imitate Sentinel know the old name only. */
async function callReplicas(sentinel: Sentinel, name: string): Promise<Value> {
  return (
    (await ifAllowed(sentinel.call('SENTINEL', 'REPLICAS', name))) ??
    (await ifAllowed(sentinel.call('SENTINEL', 'SLAVES', name)))
  );
}

/** `null` if the server refuses the command. */
async function ifAllowed(reply: Promise<Value>): Promise<Value> {
  try {
    return await reply;
  } catch (error) {
    if (error instanceof ReplyError) {
      return null;
    }
    throw error;
  }
}
