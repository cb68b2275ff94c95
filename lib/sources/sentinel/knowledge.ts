import { formatEndpoint, type Endpoint } from '../../topology/endpoint.js';
import type { Observation } from '../../topology/observation.js';
import { conclude, nothingConcluded, type Conclusion } from './conclusion.js';
import { forgetOthers, isRelated, remember, type Histories } from './histories.js';
import { firstSentinels, hear, type Sentinels, type Word } from './sentinels.js';

/** All that is known of the Sentinels and of the nodes that they list, and what follows from it. */
export interface Knowledge {
  readonly sentinels: Sentinels;
  readonly histories: Histories;
  readonly conclusion: Conclusion;
}

export type Change =
  | { readonly kind: 'word'; readonly endpoint: Endpoint; readonly word: Word }
  | { readonly kind: 'observed'; readonly observation: Observation };

export function firstKnowledge(named: readonly Endpoint[]): Knowledge {
  return { sentinels: firstSentinels(named), histories: new Map(), conclusion: nothingConcluded };
}

/** The same object if the change says nothing new. */
export function learn(before: Knowledge, change: Change): Knowledge {
  const { sentinels, histories } = before;
  if (change.kind === 'word') {
    return concludeFrom(before, { sentinels: hear(sentinels, change.endpoint, change.word), histories });
  }
  const remembered = remember(histories, change.observation);
  return remembered === histories ? before : concludeFrom(before, { sentinels, histories: remembered });
}

/** Why there are no nodes, once every Sentinel has answered or failed. */
export function whyNoNodes({ sentinels, conclusion }: Knowledge): string | undefined {
  const words = [...sentinels].map(([name, { word }]) => [name, word] as const);
  if (conclusion.nodes.length > 0 || words.some(([, { kind }]) => kind === 'awaited')) {
    return undefined;
  }
  const reasons = words.map(
    ([name, word]) =>
      `${name}: ${word.kind === 'failing' ? word.reason : 'it lists no address that the app can use'}`,
  );
  const more = reasons.length > MAX_REASONS ? [`and ${reasons.length - MAX_REASONS} more`] : [];
  return [...reasons.slice(0, MAX_REASONS), ...more].join('; ');
}

const MAX_REASONS = 3;

function concludeFrom(before: Knowledge, { sentinels, histories }: Omit<Knowledge, 'conclusion'>): Knowledge {
  const conclusion = conclude(sentinels, {
    before: before.conclusion,
    belongs: (node, listed) => isRelated(histories, node, listed),
  });
  const names = conclusion.nodes.map(formatEndpoint);
  return { sentinels, histories: forgetOthers(histories, names), conclusion };
}
