/** Where the load writes. Lists only grow, apart from `queue`; counters only go up. */
export const keys = {
  log: 'torture:log',
  left: 'torture:left',
  right: 'torture:right',
  pairs: 'torture:pairs',
  queue: 'torture:queue',
  watched: 'torture:watched',
} as const;

export const counters = ['torture:counter:0', 'torture:counter:1', keys.watched] as const;

export type Counter = (typeof counters)[number];

export const channel = 'torture:news';

/** Distinguishes the apps' writers, readers and duplicates from all other connections in `CLIENT LIST`. */
export const connectionName = 'torture';
