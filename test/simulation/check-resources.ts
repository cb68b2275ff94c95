import type { Entry } from './history.js';
import type { Operation } from './operations.js';
import type { Terms, Violation } from './violation.js';

/** Checks that nothing grows without bound, and that closing ends everything in time. */
export function checkResources(
  entries: readonly Entry[],
  operations: readonly Operation[],
  terms: Terms,
): readonly Violation[] {
  return [
    ...entries.flatMap((entry) =>
      entry.kind === 'uncaught'
        ? [{ invariant: 'nothing is left uncaught', text: entry.text, at: entry.at }]
        : [],
    ),
    ...staysSmall(entries, operations, terms),
    ...dialsSparingly(entries, terms),
    ...calmsDown(entries),
    ...closesInTime(entries),
    ...endsAll(entries),
    ...settlesAll(operations),
  ];
}

/** Probes of a node that is down are at least 50 ms apart; each signal may add one, and the watcher ten per second. */
const DIALS_PER_SECOND = 120;

function dialsSparingly(entries: readonly Entry[], { settings }: Terms): readonly Violation[] {
  return settings.nodes.flatMap((node) => {
    const dials = entries.filter((entry) => entry.kind === 'dialled' && entry.node === node);
    const hasty = dials.find((dial, index) => {
      const before = dials[index - DIALS_PER_SECOND];
      return before !== undefined && dial.at - before.at < 1000;
    });
    return hasty === undefined
      ? []
      : [
          {
            invariant: 'a node is dialled in moderation',
            text: `${node} was dialled more than ${DIALS_PER_SECOND} times within a second`,
            at: hasty.at,
          },
        ];
  });
}

/** Time after which a sweep has ended, and the probes per second of a node after that. */
const SWEEP_MS = 1500;
const PROBES_PER_SECOND = 15;

/** Once all is well, nodes are probed at the pace of calm, whatever the clock of the app's machine says. */
function calmsDown(entries: readonly Entry[]): readonly Violation[] {
  const calm = entries.find((entry) => entry.kind === 'milestone' && entry.name === 'calm');
  const end = entries.find((entry) => entry.kind === 'milestone' && entry.name === 'closing');
  const samples = entries.flatMap((entry) =>
    calm !== undefined &&
    end !== undefined &&
    entry.kind === 'sample' &&
    entry.at >= calm.at + SWEEP_MS &&
    entry.at < end.at
      ? [entry]
      : [],
  );
  const [first] = samples;
  const last = samples.at(-1);
  // A sweep waits for each node, and two dials of a machine without power take longer than all is watched.
  if (first === undefined || last === undefined || first.sample.nodes.some(({ isGone }) => isGone)) {
    return [];
  }
  const limit = (PROBES_PER_SECOND * (last.at - first.at)) / 1000;
  return last.sample.nodes.flatMap(({ node, probes }, index) => {
    const count = probes - (first.sample.nodes[index]?.probes ?? 0);
    return count <= limit
      ? []
      : [
          {
            invariant: 'a sweep ends',
            text: `${node} was probed ${count} times in ${last.at - first.at} ms although all is well`,
            at: last.at,
          },
        ];
  });
}

function staysSmall(
  entries: readonly Entry[],
  operations: readonly Operation[],
  { settings }: Terms,
): readonly Violation[] {
  const { maxCommands } = settings.hold;
  const connections = 2 + settings.workers + 4;
  // Per node an observer, its watcher and one attempt of each; per connection one in use, one being left, one being made.
  const sockets = 4 * settings.nodes.length + 3 * connections;
  return entries.flatMap((entry) => {
    if (entry.kind !== 'sample') {
      return [];
    }
    const { held, timers } = entry.sample;
    const open = operations.length;
    const limits = [
      ['held commands', held, maxCommands],
      ['sockets', entry.sample.sockets, sockets],
      ['timers', timers, 3 * sockets + open],
    ] as const;
    return limits
      .filter(([, value, limit]) => value > limit)
      .map(([what, value, limit]) => ({
        invariant: 'waiting, sockets and timers are bounded',
        text: `${value} ${what}, more than ${limit}`,
        at: entry.at,
      }));
  });
}

/** Reports an app that is not closed at its deadline. */
function closesInTime(entries: readonly Entry[]): readonly Violation[] {
  const deadline = entries.findIndex(
    (entry) => entry.kind === 'milestone' && entry.name === 'must be closed',
  );
  const closed = entries.findIndex((entry) => entry.kind === 'milestone' && entry.name === 'closed');
  return deadline !== -1 && (closed === -1 || closed > deadline)
    ? [
        {
          invariant: 'closing ends in time',
          text: 'the app is not closed yet',
          at: entries[deadline]?.at ?? 0,
        },
      ]
    : [];
}

function endsAll(entries: readonly Entry[]): readonly Violation[] {
  const deadline = entries.findIndex(
    (entry) => entry.kind === 'milestone' && entry.name === 'must be closed',
  );
  const after = entries.slice(deadline).find((entry) => entry.kind === 'sample');
  if (deadline === -1 || after?.kind !== 'sample') {
    return [];
  }
  const { timers, sockets } = after.sample;
  return timers === 0 && sockets === 0
    ? []
    : [
        {
          invariant: 'closing ends everything',
          text: `${timers} timers and ${sockets} sockets are left`,
          at: after.at,
        },
      ];
}

function settlesAll(operations: readonly Operation[]): readonly Violation[] {
  return operations
    .filter(({ settled }) => settled === undefined)
    .map(({ op, issued }) => ({
      invariant: 'every command ends',
      text: `${op} (${issued.name}, ${issued.via}) never settled`,
      at: issued.at,
    }));
}
