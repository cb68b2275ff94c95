/** For how long there has been no master, in milliseconds of the monotonic clock. */
export interface MasterlessTime {
  /** In all, until `at`. */
  readonly totalMs: number;
  readonly at: number;
  readonly hasMaster: boolean;
}

export function startMasterlessTime(at: number): MasterlessTime {
  return { totalMs: 0, at, hasMaster: false };
}

/** The time until `at`, from when on there is a master, or none. */
export function advance(time: MasterlessTime, at: number, hasMaster: boolean): MasterlessTime {
  const sinceMs = time.hasMaster ? 0 : Math.max(0, at - time.at);
  return { totalMs: time.totalMs + sinceMs, at, hasMaster };
}
