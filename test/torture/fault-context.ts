import type { SeededRandom } from '../topology/seeded-random.js';
import type { TortureGroup } from './group.js';
import type { Load } from './load.js';
import type { Recorder } from './recorder.js';

/** What a fault needs: the group and apps it affects, and the recorder of its effects. */
export interface FaultContext {
  readonly fault: string;
  readonly group: TortureGroup;
  readonly loads: readonly Load[];
  readonly random: SeededRandom;
  readonly recorder: Recorder;
  /** Adds the randomly chosen details to the line about this fault. */
  readonly remark: (text: string) => void;
}

/** Applies a fault to a healthy group and repairs it; `group` holds the resulting master. */
export type ApplyFault = (context: FaultContext) => Promise<void>;
