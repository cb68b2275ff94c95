export interface Server {
  readonly path: string;
  /** `Redis 8.0.6` */
  readonly name: string;
  /** `Redis 8.0` */
  readonly series: string;
}
/** The servers that are named by `REDIS_SERVER_BINS`, built or on the `PATH`, in the order of their names. */
export declare function findServers(): readonly Server[];
