import type { ObserverContext } from '../observers/observer-context.js';

/** The part of the observer's context that the stream provides for one node. */
export type NodeObserver = Pick<
  ObserverContext,
  'endpoint' | 'fleet' | 'nextProbe' | 'beginProbe' | 'vetting' | 'redial$' | 'emit'
>;
