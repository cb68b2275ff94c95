/**
 * The text of one line of the log, and the values in it by name. Nest's JSON logger gets them as fields of their own.
 *
 * @publicApi
 */
export interface LogLine {
  readonly text: string;
  /** Plain values without credentials. */
  readonly facts: Readonly<Record<string, unknown>>;
}

/** What stands in a text. `undefined` is no field in JSON. */
type Fact = string | number | boolean | undefined | readonly string[];

/** One value with its name. What every line has is not for a value. */
interface NamedFact {
  readonly [name: string]: Fact;
  readonly code?: never;
  readonly instance?: never;
  readonly text?: never;
  readonly facts?: never;
}

/**
 * A line whose values have names, so that none of them is in the text alone:
 *
 * ```ts
 * line`master ${{ master }} is back after ${{ tookMs }} ms`;
 * ```
 *
 * A line within a line brings its values along.
 */
export function line(words: TemplateStringsArray, ...values: readonly (NamedFact | LogLine)[]): LogLine {
  const parts = values.map((value) => (isLine(value) ? value : { text: show(value), facts: value }));
  return {
    text: words.reduce((text, next, index) => `${text}${parts[index - 1]?.text ?? ''}${next}`),
    facts: parts.reduce<LogLine['facts']>((all, { facts }) => ({ ...all, ...facts }), {}),
  };
}

/** The same line with values that are not in its text. */
export function withFacts({ text, facts }: LogLine, more: LogLine['facts']): LogLine {
  return { text, facts: { ...facts, ...more } };
}

function isLine(value: NamedFact | LogLine): value is LogLine {
  return typeof value.text === 'string';
}

function show(value: NamedFact): string {
  return Object.values(value)
    .map((fact) => (Array.isArray(fact) ? fact.join(', ') : String(fact)))
    .join(', ');
}
