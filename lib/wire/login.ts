import { ReplyError } from './reply-error.js';

export interface Login {
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  /** The version of RESP to ask for. Default 3. */
  readonly protocol?: 2 | 3 | undefined;
}

type Call = (...command: readonly string[]) => Promise<unknown>;

/**
 * Logs in as ioredis does, in RESP3 where the server or proxy knows it (Redis 6, Valkey). Resolves with the version of
 * RESP that is in use from then on.
 *
 * @throws ReplyError if the server refuses.
 */
export async function logIn(call: Call, { username, password, protocol = 3 }: Login): Promise<2 | 3> {
  const hasLogin = Boolean(username) || Boolean(password);
  const secret = password ?? '';
  if (protocol === 3) {
    const auth = hasLogin ? ['AUTH', username || 'default', secret] : [];
    try {
      // An `AUTH` that is not needed has the whole `HELLO` refused.
      return (await tolerant(call('HELLO', '3', ...auth))) === 'done' ? 3 : 2;
    } catch (error) {
      if (!isUnknownProtocol(error)) {
        throw error;
      }
    }
  }
  if (hasLogin) {
    await tolerant(username ? call('AUTH', username, secret) : call('AUTH', secret));
  }
  return 2;
}

/** A password that the server does not need is no fault; ioredis connects with it, too. */
async function tolerant(reply: Promise<unknown>): Promise<'done' | 'not needed'> {
  try {
    await reply;
    return 'done';
  } catch (error) {
    if (!(error instanceof ReplyError && isLoginNotNeeded(error.message))) {
      throw error;
    }
    return 'not needed';
  }
}

/** Whether a server has refused a login because it needs none. */
export function isLoginNotNeeded(message: string): boolean {
  return /no password is set|without any password configured|wrong number of arguments for 'auth'/i.test(
    message,
  );
}

function isUnknownProtocol(error: unknown): boolean {
  return error instanceof ReplyError && /NOPROTO|unknown command\b.*\bHELLO\b/is.test(error.message);
}
