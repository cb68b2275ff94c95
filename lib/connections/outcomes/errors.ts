/**
 * What ioredis says after `quit()` or `disconnect()`. As the reason of an outcome error it is the whole message as well,
 * because BullMQ and others compare the message with it.
 */
export const CONNECTION_CLOSED = 'Connection is closed.';

/** The details in both outcome errors. They never include the arguments of the command, which may be secret. */
interface OutcomeDetails {
  readonly command: string;
  /** The node the command was sent to or would have been sent to. */
  readonly node?: string | undefined;
  /** The generation of the topology when the outcome was decided. */
  readonly generation: number;
  readonly reason: string;
}

/**
 * The command was not applied and never will be: no server executed it, and it will not be sent any more. It is safe to
 * issue it again.
 *
 * @publicApi
 */
export class NotAppliedError extends Error {
  override readonly name = 'NotAppliedError';
  readonly code = 'NOT_APPLIED';
  readonly mayHaveRun = false;
  readonly command: string;
  readonly node: string | undefined;
  readonly generation: number;
  readonly reason: string;

  constructor({ command, node, generation, reason }: OutcomeDetails) {
    super(describe('was not applied', { command, generation, reason }));
    this.command = command;
    this.node = node;
    this.generation = generation;
    this.reason = reason;
  }
}

/**
 * The command was sent, but its reply was lost: it may or may not have been applied. Issue it again only if applying it
 * twice does no harm.
 *
 * @publicApi
 */
export class UnknownOutcomeError extends Error {
  override readonly name = 'UnknownOutcomeError';
  readonly code = 'UNKNOWN_OUTCOME';
  readonly mayHaveRun = true;
  readonly command: string;
  readonly node: string | undefined;
  readonly generation: number;
  readonly reason: string;

  constructor({ command, node, generation, reason }: OutcomeDetails) {
    super(describe('may or may not have been applied', { command, generation, reason }));
    this.command = command;
    this.node = node;
    this.generation = generation;
    this.reason = reason;
  }
}

/**
 * A command that is not a read was issued on a reader. It was not sent.
 *
 * @publicApi
 */
export class ReadOnlyConnectionError extends Error {
  override readonly name = 'ReadOnlyConnectionError';
  readonly code = 'READ_ONLY_CONNECTION';
  readonly command: string;

  constructor(command: string, advice: string) {
    super(`${command.toUpperCase()} was refused by the reader: ${advice}`);
    this.command = command;
  }
}

/**
 * A command was issued that would make the connection useless, or whose effect would be lost at the next failover. It was
 * not sent.
 *
 * @publicApi
 */
export class RefusedCommandError extends Error {
  override readonly name = 'RefusedCommandError';
  readonly code = 'REFUSED_COMMAND';
  readonly command: string;

  constructor(command: string, reason: string) {
    super(`${command.toUpperCase()} was refused: ${reason}`);
    this.command = command;
  }
}

function describe(outcome: string, { command, generation, reason }: OutcomeDetails): string {
  return reason === CONNECTION_CLOSED
    ? reason
    : `${command.toUpperCase()} ${outcome}: ${reason} (generation ${generation})`;
}
