/** Why a server refuses commands, apart from being a replica. */
export type Trouble = 'LOADING' | 'MASTERDOWN' | 'BUSY' | 'MISCONF' | 'NOREPLICAS' | 'OOM';

/** The permissions of the user. */
export type Rights = 'all' | 'no INFO' | 'no XREAD';

const WRITES = new Set(['SET', 'INCR', 'RPUSH', 'LPUSH', 'BLPOP', 'XADD', 'EVAL']);
const WHILE_LOADING = new Set([
  'AUTH',
  'HELLO',
  'INFO',
  'ROLE',
  'CLIENT',
  'SELECT',
  'SUBSCRIBE',
  'MULTI',
  'DISCARD',
  'WATCH',
  'UNWATCH',
]);
const WHILE_BUSY = new Set(['AUTH', 'HELLO', 'MULTI', 'DISCARD', 'WATCH', 'UNWATCH']);

export function isWrite(name: string): boolean {
  return WRITES.has(name);
}

export interface ServerCondition {
  readonly role: 'master' | 'replica';
  readonly trouble: Trouble | undefined;
  /** Redis 6 and earlier wrap what stops a script. */
  readonly wording: 'Redis 6' | 'Redis 7';
}

/** The error with which a server refuses a command because of its state. The order of the checks is that of Redis. */
export function refusalOf(name: string, condition: ServerCondition): string | undefined {
  const { role, trouble } = condition;
  const writes = isWrite(name);
  if (trouble === 'BUSY' && !WHILE_BUSY.has(name)) {
    return TEXTS.BUSY;
  }
  if (trouble === 'OOM' && writes && name !== 'BLPOP') {
    return TEXTS.OOM;
  }
  if (trouble === 'MISCONF' && role === 'master' && (writes || name === 'PING')) {
    return TEXTS.MISCONF;
  }
  if (trouble === 'NOREPLICAS' && role === 'master' && writes) {
    return TEXTS.NOREPLICAS;
  }
  if (role === 'replica' && writes) {
    return readOnly(name, condition);
  }
  const isSilent = (trouble === 'LOADING' || trouble === 'MASTERDOWN') && !WHILE_LOADING.has(name);
  return isSilent ? TEXTS[trouble] : undefined;
}

export function isForbidden(name: string, rights: Rights): boolean {
  switch (rights) {
    case 'all':
      return false;
    case 'no INFO':
      return name === 'INFO' || name === 'ROLE';
    case 'no XREAD':
      return name === 'XREAD';
    default:
      return rights satisfies never;
  }
}

function readOnly(name: string, { wording }: ServerCondition): string {
  const isWrapped = name === 'EVAL' && wording === 'Redis 6';
  return isWrapped
    ? `ERR Error running script (call to f_0): @user_script:1: -${TEXTS.READONLY} `
    : TEXTS.READONLY;
}

const TEXTS = {
  READONLY: "READONLY You can't write against a read only replica.",
  LOADING: 'LOADING Redis is loading the dataset in memory',
  MASTERDOWN: "MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.",
  BUSY: 'BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE.',
  MISCONF:
    'MISCONF Redis is configured to save RDB snapshots, but it is currently unable to persist to disk.',
  NOREPLICAS: 'NOREPLICAS Not enough good replicas to write.',
  OOM: "OOM command not allowed when used memory > 'maxmemory'.",
} as const;
