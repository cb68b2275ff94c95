/** The path of a Redis or Valkey server, `REDIS_SERVER_BIN` first. */
export declare function findRedisServer(): string | undefined;
/** The path of a Chromium-like browser, `CHROMIUM_BIN` first. */
export declare function findChromium(): string | undefined;
/** The path of an executable of that name on `PATH`. */
export declare function findOnPath(name: string): string | undefined;
