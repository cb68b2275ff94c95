import type { Counts, Sample } from './command-counts.js';

/** From when to when, in the time of the samples. */
export interface Phase {
  readonly from: number;
  readonly to: number;
}

/** How much was asked to learn the role of a node. */
export type Questions = Omit<Counts, 'commands'>;

/** What the apps asked of the nodes while a phase lasted. */
export interface NodeLoad {
  /** Of the node that was asked most, in the second with the most questions. */
  readonly busiest: Questions;
  /** Commands of all kinds, of the node and in the second with the most of them. */
  readonly commandsPerSecond: number;
  /** Of all nodes, in the whole phase. */
  readonly inAll: Questions;
}

const windowMs = 1000;

/** @throws Error where the phase is shorter than a second, or no sample was taken. */
export function findLoad(nodes: readonly (readonly Sample[])[], phase: Phase): NodeLoad {
  const seconds = nodes.flatMap((samples) => secondsOf(samples, phase));
  const whole = nodes.map((samples) => growth(samples, phase));
  const sum = (key: keyof Counts) => whole.reduce((total, each) => total + each[key], 0);
  return {
    busiest: withoutCommands(findMost(seconds, 'questions')),
    commandsPerSecond: findMost(seconds, 'commands').commands,
    inAll: { questions: sum('questions'), hellos: sum('hellos'), handshakes: sum('handshakes') },
  };
}

function withoutCommands({ questions, hellos, handshakes }: Counts): Questions {
  return { questions, hellos, handshakes };
}

function findMost(seconds: readonly Counts[], key: keyof Counts): Counts {
  const [most] = seconds.toSorted((a, b) => b[key] - a[key]);
  if (most === undefined) throw new Error('the phase is shorter than a second');
  return most;
}

/**
 * Every second of the phase in which most can have come. Between two samples a count is taken to grow evenly, so that
 * is one that begins or ends at a sample, or at an end of the phase.
 */
function secondsOf(samples: readonly Sample[], { from, to }: Phase): readonly Counts[] {
  return [from, to - windowMs, ...samples.flatMap(({ at }) => [at, at - windowMs])]
    .filter((start) => start >= from && start + windowMs <= to)
    .map((start) => growth(samples, { from: start, to: start + windowMs }));
}

function growth(samples: readonly Sample[], { from, to }: Phase): Counts {
  const grown = (key: keyof Counts) => valueAt(samples, key, to) - valueAt(samples, key, from);
  return {
    questions: grown('questions'),
    hellos: grown('hellos'),
    handshakes: grown('handshakes'),
    commands: grown('commands'),
  };
}

function valueAt(samples: readonly Sample[], key: keyof Counts, at: number): number {
  const index = samples.findIndex((sample) => sample.at >= at);
  const [before, after] = [samples[index - 1], samples[index]];
  const nearest = after ?? samples.at(-1);
  if (nearest === undefined) throw new Error('no sample was taken');
  if (before === undefined || after === undefined) return nearest[key];
  return before[key] + ((at - before.at) / (after.at - before.at)) * (after[key] - before[key]);
}
