import { formatEndpoint } from '../../topology/endpoint.js';
import type { ReplicationHistory } from '../../topology/lineage.js';
import type { Observation } from '../../topology/observation.js';

/** The replication history that each node reported last, and whether it answers now. */
export type Histories = ReadonlyMap<string, NodeHistory>;

interface NodeHistory {
  readonly ids: readonly string[];
  readonly state: 'answering' | 'silent';
}

/** The same object if the observation says nothing new. */
export function remember(histories: Histories, observation: Observation): Histories {
  const name = formatEndpoint(observation.endpoint);
  const before = histories.get(name);
  const next: NodeHistory =
    observation.kind === 'answered'
      ? { ids: idsOf(observation.report.history), state: 'answering' }
      : { ids: before?.ids ?? [], state: 'silent' };
  const isSame = before?.state === next.state && before.ids.join() === next.ids.join();
  return isSame ? histories : new Map(histories).set(name, next);
}

export function forgetOthers(histories: Histories, names: readonly string[]): Histories {
  return new Map([...histories].filter(([name]) => names.includes(name)));
}

/** Whether a node answers with a history that one of these nodes has reported: they replicate from one another. */
export function isRelated(histories: Histories, name: string, others: readonly string[]): boolean {
  const own = histories.get(name);
  return (
    own?.state === 'answering' &&
    others.some((other) => histories.get(other)?.ids.some((id) => own.ids.includes(id)) === true)
  );
}

function idsOf(history: ReplicationHistory | undefined): readonly string[] {
  return history === undefined ? [] : [history.id, ...(history.previous ? [history.previous.id] : [])];
}
