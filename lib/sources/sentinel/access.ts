import type { ConnectionOptions } from 'node:tls';
import type { CredentialsProvider } from '../../credentials/credentials.js';
import { createLogins } from '../../credentials/create-logins.js';
import { fixedLogins, type Logins } from '../../credentials/logins.js';
import { ChangingTls, withTls, type TlsProvider } from '../../sockets/changing-tls.js';
import { dial, type Dial } from '../../sockets/dial.js';
import { line } from '../../topology/log-line.js';
import type { SourceContext } from '../node-source.js';

export interface AccessOptions {
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  readonly credentials?: CredentialsProvider | undefined;
  readonly tls?: ConnectionOptions | TlsProvider | undefined;
}

/** How Sentinels are reached and logged in to. */
export interface Access {
  readonly logins: Logins;
  readonly dial: Dial;
  /** What does not change; `undefined` if only those use TLS whose endpoint says so. */
  readonly tls: ConnectionOptions | undefined;
}

/** Begins to give access, and ends it. */
export interface OwnedAccess extends Access {
  readonly open: () => void;
  readonly close: () => void;
}

/**
 * The access of each context that the source is called with. A source that fails is called again with the same one, and
 * goes on with what the app gave, and with the pauses after the app has failed.
 */
export function accessFor(options: AccessOptions): (context: SourceContext) => OwnedAccess {
  const known = new WeakMap<SourceContext, OwnedAccess>();
  return (context) => {
    const access = known.get(context) ?? createAccess(options, context);
    known.set(context, access);
    return access;
  };
}

function createAccess({ credentials, tls, ...login }: AccessOptions, context: SourceContext): OwnedAccess {
  const changing = createLogins(credentials, noticesOf(context), 'sentinelNodes: credentials');
  const fixed = typeof tls === 'function' ? {} : tls;
  return {
    logins: changing ?? fixedLogins(login),
    dial: withTls(dial, typeof tls === 'function' ? changingTls(tls, context) : undefined),
    tls: fixed,
    open: () => changing?.reopen(),
    close: () => changing?.close(),
  };
}

function changingTls(provider: TlsProvider, context: SourceContext): ChangingTls {
  const topic = 'sentinelNodes: tls';
  return new ChangingTls({
    provider,
    fixed: {},
    notices: {
      raise: (told, code) => context.notices?.raise(topic, line`sentinelNodes: ${told}`, code),
      end: (told, code) => context.notices?.end(topic, line`sentinelNodes: ${told}`, code),
    },
  });
}

function noticesOf({ notices }: SourceContext): Parameters<typeof createLogins>[1] {
  return {
    raise: (topic, { text, facts, code }) => notices?.raise(topic, { text, facts }, code),
    end: (topic, { text, facts, code }) => notices?.end(topic, { text, facts }, code),
  };
}
