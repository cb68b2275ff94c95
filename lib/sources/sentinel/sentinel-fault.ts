import { faultOf } from '../../replies/node-fault.js';
import { withoutSecret } from '../../replies/without-secret.js';
import { safeText } from '../../topology/safe-text.js';
import type { Value } from '../../wire/header.js';
import { ReplyError } from '../../wire/reply-error.js';
import { elementsOf } from './reply-fields.js';

/** The server is no Sentinel, or none of this group. The message is safe to show. */
export class WrongSentinel extends Error {
  override readonly name = 'WrongSentinel';
}

/** What the server at the address of a Sentinel is instead, as its `HELLO` and `ROLE` say. */
export function noSentinel(mode: string, role: Value): WrongSentinel {
  const kind = mode === 'cluster' ? 'a node of a Redis Cluster' : `a ${nameRole(role)} in mode ${mode}`;
  const where =
    mode === 'cluster' ? '' : '; the data nodes are found by themselves, or listed with staticNodes';
  return new WrongSentinel(
    `it is ${safeText(kind)}, not a Sentinel; allowed are the addresses of Sentinels, often at port 26379${where}`,
  );
}

/** `monitored`: the reply to `ROLE` of a Sentinel, which lists the names of its groups. What the user gave is not quoted. */
export function noSuchName(monitored: Value): WrongSentinel {
  return new WrongSentinel(`it monitors no master by this "name"; ${describeNames(monitored)}`);
}

/** Why a Sentinel cannot be used, for an operator. */
export function reasonOf(error: unknown, password: string | undefined): string {
  if (error instanceof WrongSentinel) {
    return error.message;
  }
  const known = error instanceof ReplyError ? new ReplyError(withoutSecret(error.message, password)) : error;
  const { fault, message } = faultOf(known);
  const hint =
    fault === 'NOAUTH' || fault === 'WRONGPASS'
      ? '; its login is set by "username" and "password", or "credentials", of sentinelNodes'
      : '';
  return `${fault}, ${message}${hint}`;
}

const MAX_NAMES = 5;

function describeNames(monitored: Value): string {
  const [kind, list = null] = elementsOf(monitored);
  const names = elementsOf(list).map(String);
  if (kind !== 'sentinel') {
    return 'allowed is one that it monitors';
  }
  if (names.length === 0) {
    return 'it monitors none at all';
  }
  const shown = names.slice(0, MAX_NAMES).map((each) => `"${safeText(each)}"`);
  const more = names.length > MAX_NAMES ? ` and ${names.length - MAX_NAMES} more` : '';
  return `allowed is what it monitors: ${shown.join(', ')}${more}`;
}

function nameRole(role: Value): string {
  return role === 'master' ? 'master' : role === 'slave' || role === 'replica' ? 'replica' : 'data node';
}
