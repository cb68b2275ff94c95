import { connect as connectTcp, isIP, type LookupFunction, type Socket } from 'node:net';
import {
  checkServerIdentity,
  connect as connectTls,
  type ConnectionOptions,
  type PeerCertificate,
} from 'node:tls';
import { Observable } from 'rxjs';
import { isSocketPath, type Endpoint } from '../topology/endpoint.js';

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
    const target = targetOf(endpoint, { family, lookup });
    const isTls = endpoint.tls === true || tls !== undefined;
    const socket = isTls ? connectTls({ ...target, ...identify(endpoint, tls), ...tls }) : connectTcp(target);
    let owner: 'us' | 'subscriber' = 'us';
    const fail = (error: Error) => subscriber.error(error);
    const onClose = () => fail(new Error('the node closed the connection at once'));
    const lookupTimer = failWithoutAddress(endpoint.host, connectTimeoutMs, fail);
    socket.once('lookup', () => clearTimeout(lookupTimer));
    const timer = setTimeout(() => {
      const isHandshake = isTls && !socket.connecting && socket.remotePort !== undefined;
      fail(timeoutError(connectTimeoutMs, isHandshake));
    }, connectTimeoutMs);
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

function targetOf({ host, port }: Endpoint, { family, lookup }: Pick<DialOptions, 'family' | 'lookup'>) {
  return isSocketPath(host)
    ? { path: host }
    : { host, port, ...(family !== undefined && { family }), ...(lookup !== undefined && { lookup }) };
}

/**
 * Certificates are issued for names, so an address is verified against the name that it was resolved from, or against the
 * names that the user gave. `servername` of the user's TLS options comes before all of them.
 */
function identify({ host, servername = host }: Endpoint, tls: ConnectionOptions = {}): ConnectionOptions {
  const names = typeof servername === 'string' ? [servername] : servername;
  // An address is not allowed in the TLS handshake.
  const asked = names.find((name) => isIP(name) === 0);
  return {
    ...(asked !== undefined && { servername: asked }),
    ...(tls.servername === undefined && {
      checkServerIdentity: (_host: string, certificate: PeerCertificate) => findMismatch(names, certificate),
    }),
  };
}

/** Why the certificate is for none of the names; `undefined` if it is for one. */
function findMismatch(names: readonly string[], certificate: PeerCertificate): Error | undefined {
  const mismatches = names.flatMap((name) => checkServerIdentity(name, certificate) ?? []);
  return mismatches.length < names.length ? undefined : mismatches[0];
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
  return isIP(host) === 0 && !isSocketPath(host)
    ? setTimeout(() => fail(Object.assign(new Error(message), { code: 'EAI_AGAIN' })), limitMs)
    : undefined;
}

function timeoutError(limitMs: number, isHandshake: boolean): Error {
  const hint = isHandshake
    ? ': no answer to the TLS handshake; the node hangs, or its port does not speak TLS'
    : '';
  return Object.assign(new Error(`no connection within ${limitMs} ms${hint}`), { code: 'ETIMEDOUT' });
}
