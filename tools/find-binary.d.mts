/** The path of a Redis or Valkey server, `REDIS_SERVER_BIN` first. */
export declare function findRedisServer(): string | undefined;
/** The path of a Chromium-like browser, `CHROMIUM_BIN` first. */
export declare function findChromium(): string | undefined;
/** The path of an executable of that name on `PATH`. */
export declare function findOnPath(name: string): string | undefined;
/** The path of a Prometheus server that has `promtool` beside it, `PROMETHEUS_BIN` first. */
export declare function findPrometheus(): string | undefined;
/** The path of the `promtool` beside a Prometheus server. */
export declare function promtoolOf(server: string): string;
