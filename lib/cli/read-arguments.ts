import { parseArgs } from 'node:util';
import { describeKey } from '../options/describe-value.js';
import { nearest } from '../options/nearest.js';
import { allFlags, isFlagName, type FlagName } from './flags.js';
import { UsageError } from './usage-error.js';

/** Environment variables by name; an empty one counts as not set. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** The command line, with the environment where a flag is absent. */
export interface Arguments {
  /** The first word. */
  readonly command: string | undefined;
  /** The other words. */
  readonly words: readonly string[];
  readonly has: (name: FlagName) => boolean;
  /** The value of a flag. */
  readonly get: (name: FlagName) => string | undefined;
}

/** Flags of other clients. */
const SECRETS = ['a', 'u', 'pass', 'password', 'user', 'username', 'auth', 'askpass'];

/** @throws UsageError that names what is wrong and quotes no value. */
export function readArguments(argv: readonly string[], environment: Environment): Arguments {
  const { tokens } = parseArgs({
    args: [...argv],
    options: Object.fromEntries(Object.entries(allFlags).map(([name, { type }]) => [name, { type }])),
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  const given = new Map<FlagName, string>();
  const words: string[] = [];
  for (const token of tokens) {
    if (token.kind === 'positional') {
      words.push(token.value);
    } else if (token.kind === 'option') {
      const [name, value] = readFlag(token.name, token.value);
      given.set(name, value);
    }
  }
  const get = (name: FlagName) => given.get(name) ?? readVariable(name, environment);
  const [command, ...rest] = words;
  return { command, words: rest, get, has: (name) => get(name) !== undefined };
}

function readFlag(name: string, value: string | undefined): readonly [FlagName, string] {
  if (!isFlagName(name)) {
    throw new UsageError(describeUnknown(name));
  }
  const { type, value: hint } = allFlags[name];
  if (type === 'string' && (value === undefined || value === '')) {
    throw new UsageError(`--${name} has no value; it is --${name} ${hint ?? 'VALUE'}`);
  }
  if (type === 'boolean' && value !== undefined) {
    throw new UsageError(`--${name} takes no value`);
  }
  return [name, value ?? '1'];
}

function describeUnknown(name: string): string {
  const meant = nearest(name, [...SECRETS, ...Object.keys(allFlags)]);
  if (meant !== undefined && SECRETS.includes(meant)) {
    return 'credentials are read from the environment only: REDIS_USERNAME and REDIS_PASSWORD';
  }
  return `unknown flag --${describeKey(name.replaceAll('-', '_')).replaceAll('_', '-')}${meant === undefined ? '' : `; did you mean --${meant}?`}`;
}

function readVariable(name: FlagName, environment: Environment): string | undefined {
  const { variable, type } = allFlags[name];
  const value = variable === undefined ? undefined : environment[variable];
  if (value === undefined || value === '' || (type === 'boolean' && value === '0')) {
    return undefined;
  }
  if (type === 'boolean' && value !== '1') {
    throw new UsageError(`${variable} is neither 1 nor 0`);
  }
  return value;
}
