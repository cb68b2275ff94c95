import {
  allow,
  allowSecret,
  findFaults,
  isPlainObject,
  text,
  throwFaults,
  wholeNumber,
} from '../../options/rules.js';
import type { Certificates } from '../servers/certificates.js';
import type { RedisUser } from '../servers/redis-server.js';

/** @publicApi */
export interface RedisGroupOptions {
  /** Default 1. */
  readonly replicas?: number;
  /** How many Sentinels watch the group, with a majority of them as the quorum. Default 0: none. */
  readonly sentinels?: number;
  /**
   * The servers, and the Sentinels, take TLS only: with these certificates for 127.0.0.1, or with new ones if `true`,
   * which needs the package `selfsigned`. Default: no TLS.
   */
  readonly tls?: true | Certificates;
  /** Users of all nodes; then nobody may connect without a login. Default: everybody may do everything. */
  readonly users?: readonly RedisUser[];
  /**
   * The program of the servers, a path or a name on the `PATH`. Default: the environment variable `REDIS_SERVER_BIN`, or
   * `redis-server` or `valkey-server` on the `PATH`.
   */
  readonly server?: string;
  /** More options of all nodes, as on the command line: `['--maxmemory', '2mb']`. */
  readonly args?: readonly string[];
}

const rules = {
  replicas: wholeNumber(0),
  sentinels: wholeNumber(0),
  tls: allowSecret('true, or an object with the PEM texts ca, cert and key', isTls),
  users: allowSecret(
    'a list of users with the texts name and password, and rules, a list of texts',
    isUserList,
  ),
  server: text,
  args: allow('a list of texts', isTextList),
};

/** @throws TypeError that names each option that is not allowed. */
export function checkGroupOptions(options: RedisGroupOptions): void {
  throwFaults(findFaults(rules, options), 'startRedisGroup: ');
}

function isTls(value: unknown): boolean {
  return value === true || hasTexts(value, ['ca', 'cert', 'key']);
}

function isUserList(value: unknown): boolean {
  return (
    Array.isArray(value) &&
    value.every(
      (each: unknown) =>
        hasTexts(each, ['name', 'password']) && isPlainObject(each) && isTextList(Reflect.get(each, 'rules')),
    )
  );
}

function hasTexts(value: unknown, keys: readonly string[]): boolean {
  return isPlainObject(value) && keys.every((key) => typeof Reflect.get(value, key) === 'string');
}

function isTextList(value: unknown): boolean {
  return Array.isArray(value) && value.every((each) => typeof each === 'string');
}
