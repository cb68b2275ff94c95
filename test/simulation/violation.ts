import type { Bounds, Settings } from './settings.js';

/** Something in a history that must not be. */
export interface Violation {
  readonly invariant: string;
  readonly text: string;
  readonly at: number;
}

/** What the history is judged by. */
export interface Terms {
  readonly settings: Settings;
  readonly bounds: Bounds;
}
