export interface ServerName {
  readonly brand: 'Redis' | 'Valkey';
  readonly version: string;
}
/** Each is run before a release. */
export declare const supportedServers: readonly string[];
/** Where the servers are that were built from source packages. */
export declare const builtServersFolder: string;
/** The paths of their programs. */
export declare function findBuiltServers(): readonly string[];
/** What a server program is; undefined if it is none. */
export declare function identifyServer(path: string): ServerName | undefined;
/** Major and minor: `8.0` of `8.0.6`. */
export declare function seriesOf(version: string): string;
