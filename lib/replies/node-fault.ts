import type { NodeFault } from '../topology/observation.js';
import { withoutCredentials } from '../topology/without-credentials.js';

/** Why a node cannot be used, with a message for an operator. */
export interface Fault {
  readonly fault: NodeFault;
  readonly message: string;
}

/** Classifies the error of a connection attempt or of a reply. The message never contains a credential. */
export function faultOf(error: unknown): Fault {
  const message = withoutCredentials(error instanceof Error ? error.message : String(error));
  const foreign = faultByFirstByte(message);
  if (foreign !== undefined) {
    return foreign;
  }
  const code = codeOf(error);
  const fault = faultByCode(code) ?? faultByReply(message);
  return { fault, message: fault === 'TLS' ? `TLS handshake failed: ${message}` : message };
}

/**
 * Reads the errors with which ioredis 5 and 6 end a reply that is not one: "Protocol error, got "H" as reply type byte.
 * Please report this." and "Unknown RESP type 72 "H". Please report this."
 */
function faultByFirstByte(message: string): Fault | undefined {
  const [, , quoted] = /^(Protocol error, got|Unknown RESP type)\b.*?("(?:.|\n)*?")/.exec(message) ?? [];
  if (quoted === undefined) {
    return undefined;
  }
  // The first byte of a TLS alert. ioredis 5 quotes it as in JSON.
  const isTls = quoted === '"\u0015"' || quoted === '"\\u0015"';
  return isTls
    ? { fault: 'TLS', message: 'the port speaks TLS; name it rediss://host:port, or set the option "tls"' }
    : { fault: 'ERROR', message: 'the port does not speak the Redis protocol' };
}

function codeOf(error: unknown): string {
  return typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : '';
}

function faultByCode(code: string): NodeFault | undefined {
  switch (code) {
    case 'ECONNREFUSED':
      return 'REFUSED';
    case 'ENOTFOUND':
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
  return /^(ERR_SSL|ERR_TLS|CERT_|UNABLE_TO_|SELF_SIGNED|DEPTH_ZERO|EPROTO)/.test(code);
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
