import { readFile } from 'node:fs/promises';
import { expect, test, vi } from 'vitest';
import type { FailoverCause } from '../../lib/history/cause.js';
import type { FailoverPhases, FailoverRecord } from '../../lib/history/failover-record.js';
import type { NodeFault, ReplicaLink } from '../../lib/topology/observation.js';
import type { SignalKind } from '../../lib/topology/signal.js';
import type { DataLoss, Topology, TopologyKind, TopologyNode } from '../../lib/topology/topology.js';

/** What the page calls a value, and why; the browser runs the same files. */
interface Judgement {
  explainCause(cause: string): string;
  describeRole(node: object): { readonly mark: string; readonly word: string };
  explainNode(node: object, topology: object): string;
}
interface Wording {
  summarizeGroup(topology: object): string;
  describeLoss(loss: object): string;
}

const folder = '../../lib/dashboard/public';
const judgement = await vi.importActual<Judgement>(`${folder}/judgement.js`);
const wording = await vi.importActual<Wording>(`${folder}/wording.js`);

// A member that is new in one of these unions does not compile until it is listed here, and fails until it has words.

const faults: Record<NodeFault, true> = {
  REFUSED: true,
  NOT_FOUND: true,
  UNREACHABLE: true,
  TIMEOUT: true,
  PAUSED: true,
  CLOSED: true,
  TLS: true,
  NOAUTH: true,
  WRONGPASS: true,
  NOPERM: true,
  MAXCLIENTS: true,
  LOADING: true,
  SENTINEL: true,
  CLUSTER: true,
  CLUSTERDOWN: true,
  ERROR: true,
};

const causes: Record<SignalKind | FailoverCause, true> = {
  start: true,
  poll: true,
  'connection closed': true,
  'connection failed': true,
  'write refused': true,
  'wrong role': true,
  unblocked: true,
  'reply timed out': true,
  announced: true,
  'source event': true,
  maintenance: true,
  requested: true,
  hung: true,
  demoted: true,
  'hand-over': true,
  push: true,
  source: true,
  polling: true,
};

const proofs: Record<FailoverRecord['proof'], true> = {
  history: true,
  replicas: true,
  authority: true,
  unproven: true,
  role: true,
};

const nodeKinds: Record<TopologyNode['kind'], true> = {
  master: true,
  replica: true,
  stale: true,
  contender: true,
  unusable: true,
  pending: true,
};

const topologyKinds: Record<TopologyKind, true> = {
  unknown: true,
  steady: true,
  masterless: true,
  contested: true,
};

const losses: Record<DataLoss['kind'], true> = {
  'not replicated': true,
  'restarted behind': true,
  'restarted empty': true,
  'replaced by empty': true,
};

const links: Record<ReplicaLink, true> = { up: true, down: true, syncing: true };

/** What sets one replica apart from another. */
type Answered = Extract<TopologyNode, { readonly reachable: true }>;
const replicas: readonly Partial<Answered>[] = [
  {},
  { following: true },
  { following: false },
  { astray: true },
  { foreign: true },
];

const phases: Record<keyof FailoverPhases, true> = {
  detectionMs: true,
  decisionMs: true,
  connectionMs: true,
  acknowledgementMs: true,
};

/** Each value has words of its own: a sentence that does not just repeat the value. */
function expectWords(values: object, explain: (value: string) => string): void {
  const words = Object.keys(values).map((value) => [value, explain(value)] as const);
  for (const [value, text] of words) {
    expect([value, text]).toEqual([value, expect.stringMatching(/^[A-Z].{10,}\.$/)]);
    expect(text).not.toMatch(/undefined|NaN/);
  }
  expect(new Set(words.map(([, text]) => text)).size).toBe(words.length);
}

const topology: Pick<Topology, 'generation' | 'nodes'> = { generation: 2, nodes: [] };
const at = 1_700_000_000_000;

test('each fault of a node is explained', () => {
  expectWords(faults, (fault) =>
    judgement.explainNode({ kind: 'unusable', endpoint: 'a:1', fault, message: '' }, topology),
  );
});

test('each cause of a change and of a failover is explained', () => {
  expectWords(causes, (cause) => judgement.explainCause(cause));
});

test('each proof of a master is explained', () => {
  expectWords(proofs, (proof) => {
    const lastFailover = { generation: 2, from: 'b:2', to: 'a:1', at, tookMs: 1, cause: 'poll', proof };
    return judgement.explainNode({ kind: 'master', endpoint: 'a:1' }, { ...topology, lastFailover });
  });
});

test('a master without proof is not said to be undisputed', () => {
  const explain = (more: object) => judgement.explainNode({ kind: 'master', endpoint: 'a:1' }, more);
  expect(explain({ ...topology, unproven: { since: at } })).toMatch(/^Accepted without proof: /);
  expect(explain(topology)).toBe('It reports the role master, and no node disputes it.');
});

test('each kind of node has a mark, a name and a reason', () => {
  expectWords(nodeKinds, (kind) =>
    judgement.explainNode({ kind, endpoint: 'a:1', fault: 'REFUSED', message: '' }, topology),
  );
  const roles = Object.keys(nodeKinds).map((kind) => judgement.describeRole({ kind }));
  expect(new Set(roles.map(({ mark }) => mark)).size).toBe(roles.length);
  const fallback = judgement.describeRole({ kind: 'unheard of' });
  for (const kind of Object.keys(nodeKinds)) {
    const { mark } = judgement.describeRole({ kind });
    expect([kind, mark === fallback.mark]).toEqual([kind, kind === 'contender']);
  }
});

test('each state of a replica is explained', () => {
  const states = new Map(replicas.map((state) => [JSON.stringify(state), state]));
  expectWords(Object.fromEntries(states), (state) =>
    judgement.explainNode({ kind: 'replica', ...states.get(state) }, topology),
  );
  expectWords(links, (link) => judgement.explainNode({ kind: 'replica', following: true, link }, topology));
});

test('each kind of topology is one sentence', () => {
  expectWords(topologyKinds, (kind) =>
    wording.summarizeGroup({ ...topology, kind, master: 'a:1', claimants: ['a:1', 'b:2'] }),
  );
});

test('each kind of lost data is described as what it is', () => {
  const describeLoss = (kind: string) =>
    wording.describeLoss({ kind, endpoint: 'a:1', bytes: 2048, keys: 12, at });
  const words = Object.keys(losses).map((kind) => [kind, describeLoss(kind)]);
  expect(Object.fromEntries(words)).toEqual({
    'not replicated': 'at least 2.0 KiB of acknowledged writes never reached a:1',
    'restarted behind': 'a:1 came back as master without its last writes, at least 2.0 KiB of them',
    'restarted empty': 'a:1 came back as master without any key, and had 12 before',
    'replaced by empty': 'a:1 became master without any key, and the master before it had 12',
  });
});

test('the legend of the failovers has each phase', async () => {
  const page = await readFile(new URL(`${folder}/index.html`, import.meta.url), 'utf8');
  const named = [...page.matchAll(/<li data-phase="(\w+)">([a-z ]+)<\/li>/g)];
  expect(named.map(([, phase]) => phase)).toEqual(Object.keys(phases));
  expect(new Set(named.map(([, , name]) => name)).size).toBe(named.length);
});
