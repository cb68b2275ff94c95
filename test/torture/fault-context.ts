import type { SeededRandom } from '../topology/seeded-random.js';
import type { TortureGroup } from './group.js';
import type { Load } from './load.js';
import type { Recorder } from './recorder.js';

/** All that a fault needs: whom it concerns, and where it notes what it did. */
export interface FaultContext {
  readonly fault: string;
  readonly group: TortureGroup;
  readonly loads: readonly Load[];
  readonly random: SeededRandom;
  readonly recorder: Recorder;
  /** Adds to the line about this fault what was drawn by lot. */
  readonly remark: (text: string) => void;
}

/** Does something to a healthy group and puts it back together; who is master afterwards is in the group. */
export type ApplyFault = (context: FaultContext) => Promise<void>;
