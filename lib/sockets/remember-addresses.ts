import { lookup as dnsLookup } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import { defer, finalize, Subscription, tap } from 'rxjs';
import type { Dial } from './dial.js';

/** How long a name server may take before the last address is used, in milliseconds. */
const PATIENCE_MS = 500;
/** More names than a group has; the oldest are forgotten. */
const MAX_NAMES = 100;

/**
 * A dial that goes on working while the name server does not answer: it connects to the address that the name had at the
 * last successful connection. A name that does not exist any more stays an error.
 */
export function rememberAddresses(dial: Dial, resolve: LookupFunction = dnsLookup): Dial {
  const addresses = new Map<string, string>();
  return (endpoint, options) => {
    const { host } = endpoint;
    if (isIP(host) !== 0) {
      return dial(endpoint, options);
    }
    return defer(() => {
      const attempt = new Subscription();
      const lookup = lookupWith(resolve, { lastAddress: () => addresses.get(host), attempt });
      return dial(endpoint, { ...options, lookup }).pipe(
        tap((socket) => {
          if (socket.remoteAddress !== undefined) {
            remember(addresses, host, socket.remoteAddress);
          }
        }),
        finalize(() => attempt.unsubscribe()),
      );
    });
  };
}

function remember(addresses: Map<string, string>, host: string, address: string): void {
  addresses.delete(host);
  addresses.set(host, address);
  const [oldest] = addresses.keys();
  if (addresses.size > MAX_NAMES && oldest !== undefined) {
    addresses.delete(oldest);
  }
}

interface LookupContext {
  readonly lastAddress: () => string | undefined;
  /** Ends with the attempt to connect. */
  readonly attempt: Subscription;
}

function lookupWith(resolve: LookupFunction, { lastAddress, attempt }: LookupContext): LookupFunction {
  return (hostname, options, callback) => {
    const last = lastAddress();
    let state: 'waiting' | 'settled' = 'waiting';
    const settle = (run: () => void) => {
      if (state === 'waiting') {
        state = 'settled';
        clearTimeout(patience);
        run();
      }
    };
    const useLast = (address: string) => {
      const family = isIP(address);
      if (options.all === true) {
        callback(null, [{ address, family }], family);
      } else {
        callback(null, address, family);
      }
    };
    const patience =
      last === undefined ? undefined : setTimeout(() => settle(() => useLast(last)), PATIENCE_MS);
    attempt.add(() => clearTimeout(patience));
    resolve(hostname, options, (error, ...answer) =>
      settle(() =>
        error?.code === 'EAI_AGAIN' && last !== undefined ? useLast(last) : callback(error, ...answer),
      ),
    );
  };
}
