/** The group of the table that a command with these flags belongs to. */
export declare function groupOf(
  flags: readonly string[],
): 'reads' | 'blockingReads' | 'neutral' | 'blocking' | 'others';
/** The flags of each command and subcommand in the reply to `COMMAND`. */
export declare function flagsByName(reply: unknown): ReadonlyMap<string, readonly string[]>;
/** The text of the generated file. */
export declare function writeTable(reply: unknown, version: string): string;
