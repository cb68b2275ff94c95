import { describeKey, describeType, describeValue } from './describe-value.js';
import { nearest } from './nearest.js';

/** Returns what is wrong with a value that is given, one sentence for each fault. `subject` names it. */
export type Rule = (subject: string, value: unknown) => readonly string[];

export type Rules = Readonly<Record<string, Rule>>;

/** The longest delay of a timer in Node.js, about 24 days. */
const MAX_DURATION_MS = 2 ** 31 - 1;

/** A value that satisfies the condition. */
export function allow(allowed: string, accepts: (value: unknown) => boolean): Rule {
  return (subject, value) =>
    accepts(value)
      ? []
      : [`${subject} is ${describeValue(value)}${describeString(value, accepts)}; allowed is ${allowed}`];
}

/** The same for a value that must not be shown. */
export function allowSecret(allowed: string, accepts: (value: unknown) => boolean): Rule {
  return (subject, value) =>
    accepts(value) ? [] : [`${subject} is ${describeType(value)}; allowed is ${allowed}`];
}

/** An option that must not be set, and why. */
export function refuse(reason: string, isHarmless: (value: unknown) => boolean = () => false): Rule {
  return (subject, value) => (isHarmless(value) ? [] : [`${subject} belongs to the library: ${reason}`]);
}

export const anything: Rule = () => [];
export const flag = allow('true or false', (value) => typeof value === 'boolean');
export const aFunction = allow('a function', (value) => typeof value === 'function');
export const text = allow('a non-empty string', (value) => typeof value === 'string' && value !== '');

export function wholeNumber(least: number, most?: number): Rule {
  return allow(
    `a whole number from ${least}${most === undefined ? '' : ` to ${most}`}`,
    (value) => Number.isSafeInteger(value) && isWithin(value, least, most),
  );
}

/** `also` names one more value that is allowed. */
export function durationMs(least: number, also?: false): Rule {
  const others = also === undefined ? '' : `, or ${also}`;
  return allow(
    `a number of milliseconds from ${least} to ${MAX_DURATION_MS}${others}`,
    (value) => isWithin(value, least, MAX_DURATION_MS) || (also !== undefined && value === also),
  );
}

export function oneOf(values: readonly unknown[]): Rule {
  const words = values.filter((each) => typeof each === 'string');
  const shown = values.map((each) => (typeof each === 'string' ? `"${each}"` : String(each))).join(', ');
  const rule = allow(shown, (value) => values.includes(value));
  return (subject, value) => {
    const meant = typeof value === 'string' ? nearest(value, words) : undefined;
    return rule(subject, value).map((fault) =>
      meant === undefined ? fault : `${fault}; did you mean "${meant}"?`,
    );
  };
}

interface Extent {
  /** How a sentence names the value under a key. */
  readonly subjectOf?: (key: string) => string;
  /** The keys that must have a value. Default: none. */
  readonly required?: readonly string[];
  /**
   * Which unknown keys are faults: `all`, or only those that are `similar` to a known one, so that options which are not
   * known yet can be passed on. Default `all`.
   */
  readonly unknown?: 'all' | 'similar';
}

/** What is wrong with an object that has a rule for each key. */
export function findFaults(rules: Rules, value: unknown, extent: Extent = {}): readonly string[] {
  const { subjectOf = (key) => `option "${key}"`, required = [], unknown = 'all' } = extent;
  const known = Object.keys(rules);
  if (!isPlainObject(value)) {
    return allow(`an object with ${known.join(', ')}`, () => false)(subjectOf('options'), value);
  }
  const refused = Object.keys(value).flatMap((key) =>
    known.includes(key) ? [] : refuseUnknown(key, { known, unknown, subject: subjectOf(describeKey(key)) }),
  );
  const wrong = Object.entries(rules).flatMap(([key, rule]) => {
    const given: unknown = Reflect.get(value, key);
    return given === undefined && !required.includes(key) ? [] : rule(subjectOf(key), given);
  });
  return [...refused, ...wrong];
}

/** @throws TypeError that lists all faults, if there are any. */
export function throwFaults(faults: readonly string[], prefix = ''): void {
  if (faults.length > 0) {
    const list = faults.length === 1 ? faults.join('') : faults.map((each) => `\n- ${each}`).join('');
    throw new TypeError(`${prefix}${list}`);
  }
}

export function isPlainObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

interface UnknownKey {
  readonly known: readonly string[];
  readonly unknown: 'all' | 'similar';
  readonly subject: string;
}

function refuseUnknown(key: string, { known, unknown, subject }: UnknownKey): readonly string[] {
  const meant = nearest(key, known);
  if (meant !== undefined) {
    return [`unknown ${subject}; did you mean "${meant}"?`];
  }
  return unknown === 'all' ? [`unknown ${subject}; allowed are ${known.join(', ')}`] : [];
}

function isWithin(value: unknown, least: number, most = Infinity): boolean {
  return typeof value === 'number' && value >= least && value <= most;
}

/** Values of the environment are strings, so this is the most common fault. */
function describeString(value: unknown, accepts: (value: unknown) => boolean): string {
  if (typeof value !== 'string' || value.trim() === '') {
    return '';
  }
  if (accepts(Number(value))) {
    return ', a number in a string';
  }
  return (value === 'true' || value === 'false') && accepts(value === 'true')
    ? ', a boolean in a string'
    : '';
}
