import type { ObserverContext } from '../observers/observer-context.js';

/** How one node is observed: what the stream gives to the layer below. */
export type NodeObserver = Pick<ObserverContext, 'endpoint' | 'fleet' | 'nextProbe' | 'beginProbe' | 'emit'>;
