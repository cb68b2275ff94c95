import { expect, test } from 'vitest';
import type { Topology, TopologyNode } from '../../lib/topology/topology.js';
import { check } from './check.js';
import type { Happening, Milestone, NodeTruth, Sample } from './history.js';
import { boundsFor, settingsFor } from './settings.js';

/** The settings of seed 1, with all permissions and nodes listed by address. */
const settings = {
  ...settingsFor(1),
  story: 'faults',
  nodes: settingsFor(1).servers,
  rights: 'all',
  resend: 'reads',
  requireMajority: false,
  acceptAfterMs: 2000,
} as const;
const bounds = boundsFor(settings);
const [a = '', b = ''] = settings.nodes;

/** The violations in a history. Entries without a time of their own are one millisecond apart. */
function found(...happenings: readonly (Happening & { readonly at?: number })[]): readonly string[] {
  const entries = happenings.map((happening, index) => ({ at: index, ...happening }));
  return check(entries, { settings, bounds }).map(({ invariant }) => invariant);
}

const issued = (op: string, change: object = {}): Happening => ({
  kind: 'issued',
  op,
  via: 'writer',
  name: 'rpush',
  effect: 'write',
  ...change,
});
const written = (op: string, node = a): Happening => ({
  kind: 'written',
  op,
  connection: 1,
  node,
  server: node,
});
const executed = (op: string, change: object = {}): Happening => ({
  kind: 'executed',
  op,
  connection: 1,
  node: a,
  reply: '1',
  ...change,
});
const done = (op: string, value = '1'): Happening => ({ kind: 'settled', op, outcome: 'done', value });
const settled = (op: string, outcome: 'not applied' | 'unknown' | 'refused' | 'failed'): Happening => ({
  kind: 'settled',
  op,
  outcome,
  message: 'a message',
});

const published = (nodes: readonly TopologyNode[], master: string | undefined, generation: number) => {
  const facts = { generation, cause: 'start', changedAt: 0, nodes } as const;
  const topology: Topology =
    master === undefined ? { ...facts, kind: 'masterless' } : { ...facts, kind: 'steady', master };
  return { kind: 'topology', subscriber: 'first', topology } as const;
};

const node = (
  endpoint: string,
  kind: 'master' | 'replica' | 'stale',
  more: { readonly untrusted?: true } = {},
): TopologyNode => ({
  endpoint,
  address: { host: endpoint, port: 1 },
  kind,
  role: kind === 'replica' ? 'replica' : 'master',
  reachable: true,
  runId: `run of ${endpoint}`,
  ...more,
});

const aIsMaster = published([node(a, 'master'), node(b, 'replica')], a, 1);
const bIsMaster = published([node(a, 'stale'), node(b, 'master')], b, 2);

const truth = (name: string, role: 'master' | 'replica', change: Partial<NodeTruth> = {}): NodeTruth => ({
  node: name,
  reachable: true,
  isSilent: false,
  isGone: false,
  isClear: true,
  role,
  runId: `run of ${name}`,
  id: 'history of a',
  previousId: undefined,
  follows: role === 'replica' ? a : undefined,
  isSyncing: false,
  isForged: false,
  probes: 0,
  ...change,
});

const sample = (change: Partial<Sample> = {}): Happening => ({
  kind: 'sample',
  sample: {
    nodes: [truth(a, 'master'), truth(b, 'replica')],
    writer: a,
    held: 0,
    timers: 0,
    sockets: 0,
    ...change,
  },
});

const milestone = (name: Milestone, at: number, change: object = {}) =>
  ({ kind: 'milestone', name, at, ...change }) as const;

test('a good history has no violations', () => {
  expect(found(aIsMaster, issued('op1'), written('op1'), executed('op1'), sample(), done('op1'))).toEqual([]);
});

test.each<readonly [string, readonly (Happening & { readonly at?: number })[]]>([
  [
    'what was rejected as not applied is never executed',
    [aIsMaster, issued('op1'), settled('op1', 'not applied'), executed('op1')],
  ],
  [
    'what was rejected as not applied is never executed',
    [aIsMaster, issued('op1'), written('op1'), executed('op1'), settled('op1', 'refused')],
  ],
  [
    'no command is written after it has settled',
    [aIsMaster, issued('op1'), settled('op1', 'failed'), written('op1')],
  ],
  [
    'what is not a read is executed at most once',
    [aIsMaster, issued('op1'), executed('op1'), executed('op1'), settled('op1', 'unknown')],
  ],
  [
    'nothing is held for longer than it may be',
    [issued('op1'), { ...settled('op1', 'not applied'), at: settings.hold.timeoutMs + 100 }],
  ],
  ['done means executed, with the reply that the caller got', [aIsMaster, issued('op1'), done('op1')]],
  [
    'done means executed, with the reply that the caller got',
    [aIsMaster, issued('op1'), executed('op1', { reply: '2' }), done('op1')],
  ],
  [
    'a transaction runs as a whole or not at all',
    [
      aIsMaster,
      issued('op1', { transaction: 't' }),
      issued('op2', { transaction: 't' }),
      executed('op1', { exec: 'e' }),
      done('op1'),
      settled('op2', 'unknown'),
    ],
  ],
  [
    'a transaction under WATCH never runs without it',
    [
      aIsMaster,
      issued('op1', { transaction: 't', watches: true }),
      executed('op1', { exec: 'e' }),
      done('op1'),
    ],
  ],
  [
    'nothing is written to a node that is stale, unreachable or, for the writer, not the master',
    [aIsMaster, bIsMaster, issued('op1'), written('op1', a), settled('op1', 'unknown')],
  ],
  [
    'nothing is written to a node that is stale, unreachable or, for the writer, not the master',
    [aIsMaster, bIsMaster, issued('op1', { via: 'reader' }), written('op1', a), settled('op1', 'unknown')],
  ],
  ['the generation grows by one at each change of master', [aIsMaster, published([], b, 1)]],
  ['the generation grows by one at each change of master', [aIsMaster, published([], undefined, 2)]],
  ['every subscriber gets the same topologies', [aIsMaster, { ...bIsMaster, subscriber: 'late' }]],
  ['every command ends', [issued('op1')]],
  ['nothing is left uncaught', [{ kind: 'uncaught', text: 'an error' }]],
  ['waiting, sockets and timers are bounded', [aIsMaster, sample({ held: settings.hold.maxCommands + 1 })]],
  ['waiting, sockets and timers are bounded', [aIsMaster, sample({ sockets: 1000 })]],
  ['waiting, sockets and timers are bounded', [aIsMaster, sample({ timers: 1000 })]],
  [
    'a node is dialled in moderation',
    Array.from({ length: 200 }, () => ({ kind: 'dialled', node: a }) as const),
  ],
  ['closing ends in time', [milestone('closing', 1), milestone('must be closed', 2)]],
  [
    'closing ends everything',
    [milestone('closed', 1), milestone('must be closed', 2), { ...sample({ timers: 1 }), at: 3 }],
  ],
  [
    'connections work again in time once all is well',
    [milestone('healed', 1, { node: a }), milestone('write works', 2), milestone('read works', 3)],
  ],
  [
    'a change that is pushed is followed at once',
    [milestone('pushed', 1, { node: b }), { ...sample(), at: 1 + bounds.promptMs }],
  ],
  [
    'the writer is ready on a provable master in time',
    [
      { ...sample({ writer: undefined }), at: 1 },
      { ...sample({ writer: undefined }), at: bounds.recoveryMs + 2 },
    ],
  ],
  [
    'nothing is written to a master that is provably stale',
    [
      ...told(),
      aIsMaster,
      { ...superseded(), at: 1 },
      issued('op1'),
      { ...written('op1'), at: bounds.staleMs + 2 },
      settled('op1', 'unknown'),
      { ...superseded(), at: bounds.staleMs + 3 },
    ],
  ],
  [
    'a sweep ends',
    [
      milestone('calm', 1),
      { ...sample(), at: 2000 },
      { ...sample({ nodes: [truth(a, 'master', { probes: 100 }), truth(b, 'replica')] }), at: 3000 },
      milestone('closing', 3001),
    ],
  ],
  [
    'no command is held for ever while one master is reachable and undisputed',
    [
      { ...alone(undefined), at: 1 },
      { ...alone(undefined), at: settings.acceptAfterMs + bounds.recoveryMs + 2 },
    ],
  ],
  [
    'nothing is written to a master that was proven to be over, and nothing newer disproves it',
    [
      ...told(),
      aIsMaster,
      { ...superseded(), at: 1 },
      { ...superseded(), at: bounds.staleMs + 2 },
      { ...alone(a), at: bounds.staleMs + 50 },
      { ...issued('op1'), at: bounds.staleMs + 51 },
      { ...written('op1'), at: bounds.staleMs + 52 },
      { ...alone(a), at: bounds.staleMs + 100 },
    ],
  ],
  [
    'time accepts only what was undisputed for long enough',
    [
      { ...forked(), at: 1 },
      { ...forked(), at: bounds.staleMs + 2 },
      { ...alone(undefined), at: bounds.staleMs + 50 },
      { ...unproven(), at: bounds.staleMs + 51 },
    ],
  ],
])('it is found that %s', (invariant, happenings) => {
  expect(found(...happenings)).toContain(invariant);
});

test('M21: a write to a master whose history nobody told is no violation, because nothing can be proven against it', () => {
  const staleWrites = (...happenings: readonly (Happening & { readonly at?: number })[]) =>
    found(
      ...happenings,
      aIsMaster,
      { ...superseded(), at: 1 },
      issued('op1'),
      { ...written('op1'), at: bounds.staleMs + 2 },
      settled('op1', 'unknown'),
      { ...superseded(), at: bounds.staleMs + 3 },
    ).filter((invariant) => invariant.includes('stale'));
  const violation = 'nothing is written to a master that is provably stale';
  expect(staleWrites(...told({ isForged: true }))).toEqual([violation]);
  expect(staleWrites(...told({}, { probes: 0 }))).toEqual([violation]);
  expect(staleWrites(...told({ isForged: true }, { probes: 0 }))).toEqual([]);
  expect(staleWrites(...told({ isForged: true }, { follows: undefined }))).toEqual([]);
  expect(staleWrites(...told({ isForged: true }, { id: 'history before' }))).toEqual([]);
});

/** Both nodes are asked for what they are, of which the replica tells the history of its master as well. */
function told(ofMaster: Partial<NodeTruth> = {}, ofReplica: Partial<NodeTruth> = {}) {
  return [0, 1].map((probes) => {
    const nodes = [
      truth(a, 'master', { probes, ...ofMaster }),
      truth(b, 'replica', { probes, follows: a, ...ofReplica }),
    ];
    return { ...sample({ nodes }), at: 0 };
  });
}

/** Both nodes claim to be the master, and the history of the second continues that of the first. */
function superseded(): Happening {
  const heir = truth(b, 'master', { id: 'history of b', previousId: 'history of a' });
  return sample({ nodes: [truth(a, 'master'), heir], writer: b });
}

/** The second node is out of reach. */
function alone(writer: string | undefined): Happening {
  const silent = truth(b, 'replica', { reachable: false, isSilent: true });
  return sample({ nodes: [truth(a, 'master'), silent], writer });
}

/** Both nodes claim to be the master, and the history of neither continues that of the other. */
function forked(): Happening {
  return sample({
    nodes: [truth(a, 'master'), truth(b, 'master', { id: 'history of b' })],
    writer: undefined,
  });
}

function unproven(): Happening {
  return { ...aIsMaster, topology: { ...aIsMaster.topology, unproven: { since: 0 } } };
}
