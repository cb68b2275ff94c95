import type { ConnectionEvent } from '../connections/outcomes/connection-event.js';
import { masterOf, type Failover, type Topology } from '../topology/topology.js';
import { causeOf } from './cause.js';
import type { FailoverCommands, FailoverPhases, FailoverRecord } from './failover-record.js';
import { addInterrupted, continueInterruption, none, type Interruption } from './interruption.js';

/** What has happened to one replication group; `at` is in milliseconds of the monotonic clock. */
export type HistoryEvent =
  { readonly kind: 'topology'; readonly topology: Topology; readonly at: number } | ConnectionEvent;

/** Whose history it is: an instance, and a shard of its cluster. */
export interface Subject {
  readonly instance: string;
  readonly shard?: string;
}

export interface HistoryState {
  readonly subject: Subject;
  readonly generation: number;
  /** Since when there has been no master, in milliseconds of the monotonic clock; absent while there is one, and before. */
  readonly lostAt?: number;
  /** What became of commands that belong to no failover yet. */
  readonly interruption: Interruption;
  /** The latest failover, and when it was accepted, in milliseconds of the monotonic clock. */
  readonly latest?: { readonly record: FailoverRecord; readonly acceptedAt: number };
  /** The records that this step has changed in a way to be told, in order. */
  readonly news: readonly FailoverRecord[];
  /** The record that this step has completed. */
  readonly completed?: CompleteRecord;
}

type CompleteRecord = FailoverRecord & { readonly kind: 'complete' };

export function initialHistory(subject: Subject): HistoryState {
  return { subject, generation: 0, interruption: none, news: [] };
}

/** Folds one event into the history of a group. */
export function foldHistory(before: HistoryState, event: HistoryEvent): HistoryState {
  const { completed: _told, ...kept } = before;
  const state: HistoryState = { ...kept, news: [] };
  if (event.kind === 'topology') {
    return onTopology(state, event.topology, event.at);
  }
  return onLine(countIn(state, event), event);
}

function onTopology(state: HistoryState, topology: Topology, at: number): HistoryState {
  const { lastFailover } = topology;
  if (lastFailover !== undefined && lastFailover.generation > state.generation) {
    return accept(state, { failover: lastFailover, topology, at });
  }
  const seen = { ...withLoss(state, topology), generation: topology.generation };
  const { lostAt, ...rest } = seen;
  if (masterOf(topology) === undefined) {
    return topology.generation === 0 ? seen : { ...rest, lostAt: lostAt ?? at };
  }
  return lostAt === undefined ? seen : regain(rest);
}

interface Acceptance {
  readonly failover: Failover;
  readonly topology: Topology;
  readonly at: number;
}

/** Another master was accepted: this ends the failover before it, if that is still open. */
function accept(state: HistoryState, { failover, topology, at }: Acceptance): HistoryState {
  const { subject, interruption, latest, lostAt: lost, ...rest } = state;
  const { generation, from, to, cause: signal, proof = 'role', tookMs, promotedWithinMs } = failover;
  const signAt = at - tookMs;
  const lostAt = Math.min(at, Math.max(signAt, lost ?? at));
  const record: FailoverRecord = {
    kind: 'open',
    ...subject,
    generation,
    from,
    to,
    cause: causeOf(signal),
    signal,
    proof,
    at: failover.at,
    ...(promotedWithinMs !== undefined && { promotedWithinMs }),
    phases: { detectionMs: tenths(lostAt - signAt), decisionMs: tenths(at - lostAt) },
    commands: interruption.commands,
    nodes: topology.nodes,
  };
  const completed: CompleteRecord | undefined =
    latest?.record.kind === 'open'
      ? { ...latest.record, kind: 'complete', endedBy: 'next failover' }
      : undefined;
  const isLost = masterOf(topology) === undefined;
  const next: HistoryState = {
    ...rest,
    subject,
    generation: topology.generation,
    ...(isLost && { lostAt: at }),
    interruption: none,
    latest: { record, acceptedAt: at },
    news: completed === undefined ? [record] : [completed, record],
    ...(completed !== undefined && { completed }),
  };
  return withLoss(next, topology);
}

/** The same master is back: what was counted meanwhile belongs to the failover to it, if that is still open. */
function regain(state: HistoryState): HistoryState {
  const { latest, interruption } = state;
  if (latest?.record.kind !== 'open') {
    return state;
  }
  const commands = add(latest.record.commands, interruption.commands);
  return { ...state, interruption: none, latest: { ...latest, record: { ...latest.record, commands } } };
}

/** A loss is often proven only when the old master is seen again. That of a restart belongs to no failover. */
function withLoss(state: HistoryState, { lastDataLoss }: Topology): HistoryState {
  const { latest } = state;
  if (latest === undefined || lastDataLoss === undefined || lastDataLoss.kind.startsWith('restarted')) {
    return state;
  }
  const { record } = latest;
  const isOfRecord = lastDataLoss.endpoint === record.to && lastDataLoss.at >= record.at;
  const isKnown = record.dataLoss?.at === lastDataLoss.at && record.dataLoss.bytes === lastDataLoss.bytes;
  if (!isOfRecord || isKnown) {
    return state;
  }
  const found = { ...record, dataLoss: lastDataLoss };
  const others = state.news.filter((each) => each !== record);
  return { ...state, latest: { ...latest, record: found }, news: [...others, found] };
}

function countIn(state: HistoryState, event: ConnectionEvent): HistoryState {
  const { latest, lostAt } = state;
  if (latest?.record.kind === 'open' && lostAt === undefined) {
    const commands = addInterrupted(latest.record.commands, event);
    return commands === latest.record.commands
      ? state
      : { ...state, latest: { ...latest, record: { ...latest.record, commands } } };
  }
  return {
    ...state,
    interruption: continueInterruption(state.interruption, event, { isLost: lostAt !== undefined }),
  };
}

function onLine(state: HistoryState, event: ConnectionEvent): HistoryState {
  const { latest } = state;
  if (latest?.record.kind !== 'open' || !isAbout(latest.record, event)) {
    return state;
  }
  const { record, acceptedAt } = latest;
  const { connectionMs } = record.phases;
  if (event.kind === 'open' && connectionMs === undefined) {
    const phases = { ...record.phases, connectionMs: tenths(event.at - acceptedAt) };
    return { ...state, latest: { ...latest, record: { ...record, phases } } };
  }
  if (event.kind !== 'acknowledged') {
    return state;
  }
  const phases = {
    ...record.phases,
    connectionMs: connectionMs ?? tenths(event.at - event.tookMs - acceptedAt),
    acknowledgementMs: tenths(event.tookMs),
  };
  const completed: CompleteRecord = {
    ...record,
    kind: 'complete',
    endedBy: 'first write',
    totalMs: totalOf(phases),
    phases,
  };
  return { ...state, latest: { ...latest, record: completed }, news: [completed], completed };
}

/** The writer leads to the master only. A duplicate may be one of the reader. */
function isAbout({ to }: FailoverRecord, event: ConnectionEvent): boolean {
  return event.connection === 'writer' || ('node' in event && event.node === to);
}

function totalOf({
  detectionMs,
  decisionMs,
  connectionMs = 0,
  acknowledgementMs = 0,
}: FailoverPhases): number {
  return tenths(detectionMs + decisionMs + connectionMs + acknowledgementMs);
}

function add(one: FailoverCommands, other: FailoverCommands): FailoverCommands {
  return {
    held: one.held + other.held,
    sentAgain: one.sentAgain + other.sentAgain,
    unknown: one.unknown + other.unknown,
    notApplied: one.notApplied + other.notApplied,
  };
}

/** More digits would say nothing. */
function tenths(ms: number): number {
  return Math.round(Math.max(0, ms) * 10) / 10;
}
