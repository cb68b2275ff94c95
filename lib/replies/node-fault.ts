import type { NodeFault } from '../topology/observation.js';
import { safeText } from '../topology/safe-text.js';

/** Why a node cannot be used, with a message for an operator. */
export interface Fault {
  readonly fault: NodeFault;
  readonly message: string;
}

/** Classifies the error of a connection attempt or of a reply. The message is safe to show. */
export function faultOf(error: unknown): Fault {
  const text = error instanceof Error ? error.message : String(error);
  const code = codeOf(error);
  const foreign = foreignByCode(code) ?? foreignByFirstByte(text);
  if (foreign !== undefined) {
    return foreign;
  }
  const message = safeText(text);
  const fault = faultByCode(code) ?? faultByReply(message);
  const isHandshake = fault === 'TLS' && code !== 'ERR_TLS_OPTIONS';
  return { fault, message: isHandshake ? `TLS handshake failed: ${message}` : message };
}

const speaksTls: Fault = {
  fault: 'TLS',
  message: 'the port speaks TLS; name it rediss://host:port, or set the option "tls"',
};

const speaksPlain: Fault = {
  fault: 'TLS',
  message: 'the port does not speak TLS; name it redis://host:port, and leave out the option "tls"',
};

const speaksAnother: Fault = { fault: 'ERROR', message: 'the port does not speak the Redis protocol' };

/** The codes of `wire/`, with which the connections of observers and watchers end, and those of a handshake with no TLS. */
function foreignByCode(code: string): Fault | undefined {
  switch (code) {
    case 'RESP_TLS':
      return speaksTls;
    case 'RESP_FOREIGN':
      return speaksAnother;
    case 'ERR_SSL_WRONG_VERSION_NUMBER':
    case 'ERR_SSL_PACKET_LENGTH_TOO_LONG':
      return speaksPlain;
    default:
      return undefined;
  }
}

/**
 * Reads the errors with which ioredis 5 and 6 end a reply that is not one: "Protocol error, got "H" as reply type byte.
 * Please report this." and "Unknown RESP type 72 "H". Please report this."
 */
function foreignByFirstByte(message: string): Fault | undefined {
  const [, , quoted] = /^(Protocol error, got|Unknown RESP type)\b.*?("(?:.|\n)*?")/.exec(message) ?? [];
  if (quoted === undefined) {
    return undefined;
  }
  // The first byte of a TLS alert. ioredis 5 quotes it as in JSON.
  const isTls = quoted === '"\u0015"' || quoted === '"\\u0015"';
  return isTls ? speaksTls : speaksAnother;
}

function codeOf(error: unknown): string {
  return typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : '';
}

function faultByCode(code: string): NodeFault | undefined {
  switch (code) {
    case 'ECONNREFUSED':
      return 'REFUSED';
    case 'ENOTFOUND':
    case 'ENOENT':
    case 'EAI_AGAIN':
      return 'NOT_FOUND';
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
    case 'EHOSTDOWN':
      return 'UNREACHABLE';
    case 'ETIMEDOUT':
      return 'TIMEOUT';
    case 'ECONNRESET':
    case 'EPIPE':
      return 'CLOSED';
    default:
      return isTlsCode(code) ? 'TLS' : undefined;
  }
}

function isTlsCode(code: string): boolean {
  return /^(ERR_SSL|ERR_TLS|ERR_OSSL|CERT_|UNABLE_TO_|SELF_SIGNED|DEPTH_ZERO|EPROTO)/.test(code);
}

/** Reads the first word only where possible, because the rest differs between servers and versions. */
function faultByReply(message: string): NodeFault {
  if (/max number of clients/i.test(message)) {
    return 'MAXCLIENTS';
  }
  switch (message.split(' ', 1)[0]) {
    case 'NOAUTH':
      return 'NOAUTH';
    case 'WRONGPASS':
      return 'WRONGPASS';
    case 'NOPERM':
      return 'NOPERM';
    case 'Connection':
    case 'Stream':
      // "Connection is closed." and "Stream isn't writeable …" are errors of ioredis.
      return 'CLOSED';
    default:
      // Redis before 6 reports a wrong password as `ERR`.
      return /invalid password/i.test(message) ? 'WRONGPASS' : 'ERROR';
  }
}
