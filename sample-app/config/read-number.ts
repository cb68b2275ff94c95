import type { Environment } from './environment.js';
import { InvalidConfigError } from './invalid-config.error.js';

interface Range {
  readonly least: number;
  readonly most: number;
}

/** A whole number, or `undefined` where the variable is not set. */
export function readNumber(
  environment: Environment,
  name: string,
  { least, most }: Range,
): number | undefined {
  const text = environment[name];
  if (text === undefined) {
    return undefined;
  }
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < least || value > most) {
    throw new InvalidConfigError(`${name} is "${text}"; allowed is a whole number from ${least} to ${most}.`);
  }
  return value;
}
