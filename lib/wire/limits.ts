/*
 * What a node may send at most. The commands of observers and watchers have short replies, so whoever sends more is not
 * the server that we are looking for.
 */

/**
 * The text of one reply, in bytes. `INFO` has 6 kB, and each replica adds a line of 80 bytes: this is enough for 10,000.
 */
export const MAX_REPLY_BYTES = 1_048_576;

/** The elements of one reply, in all depths. `ROLE` has four for each replica. */
export const MAX_REPLY_ELEMENTS = 16_384;

/**
 * The text of one push, in bytes. An announcement has about 150 bytes, and the name of the channel comes with it. Anybody
 * who may use the channel can publish more, so a longer push is skipped as it arrives, and the connection goes on.
 */
export const MAX_PUSH_BYTES = 4096;

/** The elements of one push, in all depths. A message has three. */
export const MAX_PUSH_ELEMENTS = 16;

/** Arrays in arrays. `HELLO` of a server with modules has four levels. */
export const MAX_DEPTH = 8;

/** A line, such as a header or a simple string, in bytes. Of an error, this much is kept and the rest is skipped. */
export const MAX_LINE_BYTES = 1024;
