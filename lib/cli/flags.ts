/** A flag of the command line. */
export interface Flag {
  readonly type: 'boolean' | 'string';
  /** What stands after it, for the help. */
  readonly value?: string;
  /** The environment variable that is read where the flag is absent; 1 stands for a flag without a value. */
  readonly variable?: string;
  /** The option of the module that it sets, as errors name it. */
  readonly option?: string;
  readonly help: string;
}

export const flags = {
  source: {
    type: 'string',
    value: 'KIND',
    help: 'static (default), discover, primary, sentinel or url (reads REDIS_URL)',
  },
  cluster: { type: 'boolean', help: 'the nodes are those of a Redis Cluster' },
  name: {
    type: 'string',
    value: 'NAME',
    variable: 'REDIS_SENTINEL_NAME',
    help: 'sentinel: the name under which the master is monitored',
  },
  reader: {
    type: 'string',
    value: 'HOST:PORT',
    variable: 'REDIS_READER',
    help: 'primary: a second name, for the replicas',
  },
  allow: { type: 'string', value: 'LIST', help: 'discover: networks and names that may be followed' },
  tls: { type: 'boolean', variable: 'REDIS_TLS', option: 'redis.tls', help: 'use TLS' },
  ca: { type: 'string', value: 'FILE', variable: 'REDIS_CA', help: 'the certificate authority to trust' },
  cert: { type: 'string', value: 'FILE', variable: 'REDIS_CERT', help: 'the certificate of this client' },
  key: { type: 'string', value: 'FILE', variable: 'REDIS_KEY', help: 'the key of that certificate' },
  servername: {
    type: 'string',
    value: 'NAME',
    variable: 'REDIS_SERVERNAME',
    help: 'the name that all certificates have',
  },
  'sentinel-tls': { type: 'boolean', variable: 'REDIS_SENTINEL_TLS', help: 'use TLS for the Sentinels' },
  db: { type: 'string', value: 'NUMBER', variable: 'REDIS_DB', option: 'redis.db', help: 'the database' },
  family: { type: 'string', value: '4|6', option: 'redis.family', help: 'use only such addresses' },
  protocol: { type: 'string', value: '2|3', option: 'redis.protocol', help: 'the version of RESP' },
  'key-prefix': {
    type: 'string',
    value: 'TEXT',
    variable: 'REDIS_KEY_PREFIX',
    option: 'redis.keyPrefix',
    help: 'is put before the probe key',
  },
  'probe-key': { type: 'string', value: 'KEY', option: 'probeKey', help: 'the probe key' },
  'reply-timeout-ms': { type: 'string', value: 'MS', option: 'replyTimeoutMs', help: 'default 250' },
  'min-replicas': { type: 'string', value: 'NUMBER', option: 'minReplicas', help: 'default 0' },
  'require-majority': {
    type: 'boolean',
    option: 'requireMajority',
    help: 'the app writes with a majority only',
  },
  ignore: { type: 'string', value: 'IDS', help: 'findings that do not count, with commas in between' },
  json: { type: 'boolean', help: 'print JSON; with --watch, one object a line' },
  watch: { type: 'boolean', help: 'go on, and print what changes, until Ctrl-C' },
  'interval-ms': { type: 'string', value: 'MS', help: '--watch: how often all is looked at; default 10000' },
  help: { type: 'boolean', help: 'print this' },
  version: { type: 'boolean', help: 'print the version' },
} as const satisfies Readonly<Record<string, Flag>>;

export type FlagName = keyof typeof flags;

/** All flags, without what is particular to each. */
export const allFlags: Readonly<Record<FlagName, Flag>> = flags;

export function isFlagName(text: string): text is FlagName {
  return Object.hasOwn(flags, text);
}

/** The variables that name the nodes, and as what. */
export const nodeVariables = {
  REDIS_NODES: 'static',
  REDIS_SEEDS: 'discover',
  REDIS_PRIMARY: 'primary',
  REDIS_SENTINELS: 'sentinel',
  REDIS_CLUSTER: 'cluster',
  REDIS_URL: 'url',
} as const;

/** Credentials come from these only. */
export const secretVariables = [
  'REDIS_USERNAME',
  'REDIS_PASSWORD',
  'REDIS_SENTINEL_USERNAME',
  'REDIS_SENTINEL_PASSWORD',
  'REDIS_KEY_PASSPHRASE',
] as const;
