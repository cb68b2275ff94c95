import type { Bounds, Settings } from './settings.js';

/** A broken invariant in a history. */
export interface Violation {
  readonly invariant: string;
  readonly text: string;
  readonly at: number;
}

/** The settings and bounds that apply to a history. */
export interface Terms {
  readonly settings: Settings;
  readonly bounds: Bounds;
}
