import { parseEndpoint, type Endpoint } from '../topology/endpoint.js';
import { SLOT_COUNT } from './slots.js';

/** What a server said about where a command belongs. */
export type Redirection =
  | { readonly kind: 'moved' | 'ask'; readonly slot: number; readonly to: Endpoint | undefined }
  /** The same command can succeed later: a key is on its way, or nobody serves the slot at present. */
  | { readonly kind: 'later' };

/** Reads an error reply; `undefined` if it is no redirection. */
export function readRedirection(message: string): Redirection | undefined {
  const [word, first = '', address = ''] = message.split(' ', 3);
  switch (word) {
    case 'MOVED':
    case 'ASK': {
      const slot = Number(first);
      return first !== '' && Number.isInteger(slot) && slot >= 0 && slot < SLOT_COUNT
        ? { kind: word === 'MOVED' ? 'moved' : 'ask', slot, to: readTarget(address) }
        : undefined;
    }
    case 'TRYAGAIN':
    case 'CLUSTERDOWN':
      return { kind: 'later' };
    default:
      return undefined;
  }
}

/** Whether the node can serve no slot at all. That one slot is not served says nothing about the others. */
export function isDown(message: string): boolean {
  return message.startsWith('CLUSTERDOWN') && !message.includes('Hash slot not served');
}

/**
 * How long to wait before a command is sent again, in milliseconds. The first redirections are followed at once. Nodes
 * that name each other do so until they agree, which takes some milliseconds.
 */
export function redirectionDelayMs(redirection: Redirection, count: number): number {
  const free = redirection.kind === 'later' ? 0 : FREE_REDIRECTIONS;
  return count <= free ? 0 : Math.min(2 ** (count - free), MAX_DELAY_MS);
}

const FREE_REDIRECTIONS = 2;
const MAX_DELAY_MS = 50;

/** Without a host, where clients are to use the address that they know, there is no target to tell. */
function readTarget(address: string): Endpoint | undefined {
  // IPv6 addresses come without brackets.
  const [, host = '', port = ''] = /^\[?(.*?)\]?:(\d+)$/.exec(address) ?? [];
  try {
    return parseEndpoint(host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`);
  } catch {
    return undefined;
  }
}
