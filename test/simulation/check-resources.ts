import type { Entry } from './history.js';
import type { Operation } from './operations.js';
import type { Terms, Violation } from './violation.js';

/** Nothing grows without bound, and closing ends everything in time. */
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
    ...closesInTime(entries),
    ...endsAll(entries),
    ...tellsAll(operations),
  ];
}

/** Looks are at least 50 ms apart where a node is gone; each signal may add one, and a watcher ten a second. */
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

function staysSmall(
  entries: readonly Entry[],
  operations: readonly Operation[],
  { settings }: Terms,
): readonly Violation[] {
  const { maxCommands } = settings.hold;
  const connections = 2 + settings.workers + 4;
  // An observer, its watcher and an attempt of each; connections have one they leave and one they make.
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

/** Only those that nobody closes within the time for it. */
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

function tellsAll(operations: readonly Operation[]): readonly Violation[] {
  return operations
    .filter(({ told }) => told === undefined)
    .map(({ op, issued }) => ({
      invariant: 'every command ends',
      text: `nobody was told what became of ${op} (${issued.name}, ${issued.via})`,
      at: issued.at,
    }));
}
