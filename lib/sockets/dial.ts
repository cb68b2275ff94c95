import { connect as connectTcp, isIP, type LookupFunction, type Socket } from 'node:net';
import { connect as connectTls, type ConnectionOptions } from 'node:tls';
import { Observable } from 'rxjs';
import type { Endpoint } from '../topology/endpoint.js';

/** Opens a socket to a node. Every connection is made through it, so that tests can replace the network. */
export type Dial = (endpoint: Endpoint, options: DialOptions) => Observable<Socket>;

export interface DialOptions {
  readonly tls?: ConnectionOptions | undefined;
  readonly family?: number | undefined;
  readonly connectTimeoutMs: number;
  /** Resolves host names. Default: that of Node.js. */
  readonly lookup?: LookupFunction | undefined;
}

/**
 * Opens a socket, TLS handshake included, and emits it once; the subscriber owns it from then on. Fails with the reason;
 * unsubscribing before the socket is emitted cancels the attempt.
 */
export const dial: Dial = (endpoint, { tls, family, connectTimeoutMs, lookup }) =>
  new Observable((subscriber) => {
    const { host, port } = endpoint;
    const target = {
      host,
      port,
      ...(family !== undefined && { family }),
      ...(lookup !== undefined && { lookup }),
    };
    const isTls = endpoint.tls === true || tls !== undefined;
    const socket = isTls ? connectTls({ ...target, ...serverName(endpoint), ...tls }) : connectTcp(target);
    let owner: 'us' | 'subscriber' = 'us';
    const fail = (error: Error) => subscriber.error(error);
    const onClose = () => fail(new Error('the node closed the connection at once'));
    const timer = setTimeout(() => fail(timeoutError(connectTimeoutMs)), connectTimeoutMs);
    const lookupTimer = failWithoutAddress(host, connectTimeoutMs, fail);
    socket.once('lookup', () => clearTimeout(lookupTimer));
    socket.once('error', fail).once('close', onClose);
    socket.once(isTls ? 'secureConnect' : 'connect', () => {
      owner = 'subscriber';
      clearTimeout(lookupTimer);
      socket.off('error', fail).off('close', onClose);
      subscriber.next(socket);
      subscriber.complete();
    });
    return () => {
      clearTimeout(timer);
      clearTimeout(lookupTimer);
      if (owner === 'us') {
        socket.off('close', onClose).on('error', () => undefined);
        socket.destroy();
      }
    };
  });

/** Certificates are issued for names, so an address is verified against the name that it was resolved from. */
function serverName({ host, servername }: Endpoint): ConnectionOptions {
  const name = servername ?? (isIP(host) === 0 ? host : undefined);
  return name === undefined ? {} : { servername: name };
}

/** A little earlier than without this, so that a name server that does not answer is named as the reason. */
const LOOKUP_SHARE = 0.9;

function failWithoutAddress(
  host: string,
  connectTimeoutMs: number,
  fail: (error: Error) => void,
): NodeJS.Timeout | undefined {
  const limitMs = Math.round(connectTimeoutMs * LOOKUP_SHARE);
  const message = `DNS did not resolve ${host} within ${limitMs} ms`;
  return isIP(host) === 0
    ? setTimeout(() => fail(Object.assign(new Error(message), { code: 'EAI_AGAIN' })), limitMs)
    : undefined;
}

function timeoutError(limitMs: number): Error {
  return Object.assign(new Error(`no connection within ${limitMs} ms`), { code: 'ETIMEDOUT' });
}
