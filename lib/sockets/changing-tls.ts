import { createSecureContext, type ConnectionOptions, type SecureContextOptions } from 'node:tls';
import { defer, firstValueFrom, from, switchMap, throwError, timeout } from 'rxjs';
import { monotonicMs } from '../clock/clock.js';
import { describeType } from '../options/describe-value.js';
import { isPlainObject } from '../options/rules.js';
import type { Dial } from './dial.js';
import type { LogCode } from '../topology/log-code.js';
import { line, type LogLine } from '../topology/log-line.js';

/**
 * Gives the certificates of the moment: authorities to trust, and the certificate and key of the client. It is called
 * whenever a connection is opened, and once for all that are opened at the same time. While it fails, or gives what does
 * not fit together, the options before stay in use.
 *
 * @publicApi
 */
export type TlsProvider = () => SecureContextOptions | Promise<SecureContextOptions>;

interface ChangingTlsOptions {
  readonly provider: TlsProvider;
  /** What does not change, such as `servername`. */
  readonly fixed: ConnectionOptions;
  readonly notices: {
    readonly raise: (told: LogLine, code: LogCode) => void;
    readonly end: (told: LogLine, code: LogCode) => void;
  };
}

/** Asks the app for TLS options, and keeps the last that were usable. */
export class ChangingTls {
  readonly #options: ChangingTlsOptions;
  #asking: Promise<ConnectionOptions> | undefined;
  #last: { readonly given: SecureContextOptions; readonly options: ConnectionOptions } | undefined;

  constructor(options: ChangingTlsOptions) {
    this.#options = options;
  }

  /** Rejects if the app has not given anything usable, with the reason. `limitMs`: how long it may take. */
  current(limitMs: number): Promise<ConnectionOptions> {
    this.#asking ??= this.#ask(limitMs).finally(() => (this.#asking = undefined));
    return this.#asking;
  }

  async #ask(limitMs: number): Promise<ConnectionOptions> {
    const { provider, fixed, notices } = this.#options;
    try {
      const given = check(await answerOf(provider, limitMs));
      if (this.#last?.given !== given) {
        const secureContext = createSecureContext({ ...fixed, ...given });
        this.#last = { given, options: { ...fixed, secureContext } };
      }
      notices.end(line`tls: the app gives TLS options again`, 'RR443');
      return this.#last.options;
    } catch (reason) {
      const error = tlsError(reason instanceof Error ? reason.message : String(reason));
      notices.raise(line`tls: ${{ reason: error.message }}; what it gave before stays in use`, 'RR442');
      return this.#last?.options ?? Promise.reject(error);
    }
  }
}

/** The same dial, with the TLS options of the moment. Asking for them counts for the time to connect. */
export function withTls(dial: Dial, tls: ChangingTls | undefined): Dial {
  if (tls === undefined) {
    return dial;
  }
  return (endpoint, options) =>
    defer(() => {
      const { connectTimeoutMs } = options;
      const begunAt = monotonicMs();
      return from(tls.current(connectTimeoutMs / 2)).pipe(
        switchMap((current) => {
          const leftMs = Math.max(1, connectTimeoutMs - Math.floor(monotonicMs() - begunAt));
          return dial(endpoint, { ...options, tls: current, connectTimeoutMs: leftMs });
        }),
      );
    });
}

/** One that does not answer must not keep all connections waiting. */
function answerOf(provider: TlsProvider, limitMs: number): Promise<SecureContextOptions> {
  const late = () => throwError(() => new Error(`no answer within ${Math.round(limitMs)} ms`));
  return firstValueFrom(from(Promise.resolve().then(provider)).pipe(timeout({ first: limitMs, with: late })));
}

/** Options of a connection have no effect in a secure context, and sources rely on them from the start. */
const FIXED = ['rejectUnauthorized', 'servername', 'checkServerIdentity'] as const;

function check(given: SecureContextOptions): SecureContextOptions {
  if (!isPlainObject(given)) {
    throw new TypeError(`it is ${describeType(given)}; allowed is an object such as { ca, cert, key }`);
  }
  const wrong = FIXED.find((name) => name in given);
  if (wrong !== undefined) {
    throw new TypeError(`"${wrong}" does not change while the app runs; set it in "redis.tls"`);
  }
  return given;
}

function tlsError(reason: string): Error {
  return Object.assign(new Error(`the app gave no TLS options: ${reason}`), { code: 'ERR_TLS_OPTIONS' });
}
