import { transactionsOf, type Operation } from './operations.js';
import type { Terms, Violation } from './violation.js';

/** Checks that the outcome of each command is true and stays true. */
export function checkOutcomes(operations: readonly Operation[], terms: Terms): readonly Violation[] {
  return [
    ...operations.flatMap((operation) => [
      ...neverAfterRejection(operation, terms),
      ...neverAfterOutcome(operation),
      ...(mayRepeat(operation, terms) ? [] : atMostOnce(operation)),
      ...waitsNoLonger(operation, terms),
      ...trueReply(operation),
    ]),
    ...transactionsOf(operations).flatMap((transaction) => [
      ...wholeOrNone(transaction),
      ...watchHolds(transaction),
    ]),
  ];
}

/** Whether the app has asked for the command to be sent again. */
function mayRepeat({ issued }: Operation, { settings }: Terms): boolean {
  return settings.resend === 'idempotent' && issued.name === 'set';
}

/** `not applied` and a refusal by the server are final: no server executes the command, neither before nor after. */
function neverAfterRejection(operation: Operation, terms: Terms): readonly Violation[] {
  const { op, issued, settled, executed } = operation;
  const [execution] = executed;
  // A command that may be repeated can have been executed before the refusal.
  const isFinal =
    settled?.outcome === 'not applied' || (settled?.outcome === 'refused' && !mayRepeat(operation, terms));
  return execution !== undefined && isFinal && issued.effect === 'write'
    ? [
        {
          invariant: 'what was rejected as not applied is never executed',
          text: `${op} was executed by ${execution.node} at ${execution.at}, but was settled at ${settled.at}: ${settled.message}`,
          at: execution.at,
        },
      ]
    : [];
}

function neverAfterOutcome({ op, settled, written }: Operation): readonly Violation[] {
  const late = settled && written.find(({ at }) => at > settled.at);
  return late === undefined
    ? []
    : [
        {
          invariant: 'no command is written after it has settled',
          text: `${op} was written to ${late.node} at ${late.at}, but was settled at ${settled?.at}: ${settled?.outcome}`,
          at: late.at,
        },
      ];
}

function atMostOnce({ op, issued, executed }: Operation): readonly Violation[] {
  const [, second] = executed;
  return second === undefined || issued.effect === 'read'
    ? []
    : [
        {
          invariant: 'what is not a read is executed at most once',
          text: `${op} (${issued.name}) was executed ${times(executed)}`,
          at: second.at,
        },
      ];
}

/** Allows for the interval in which the hold queue is checked, and for the delivery of the outcome. */
const HOLD_SLACK_MS = 50;

function waitsNoLonger(
  { op, issued, written, settled }: Operation,
  { settings: { hold, autoPipelining }, bounds }: Terms,
): readonly Violation[] {
  // With automatic pipelines ioredis keeps a command until the previous pipeline is done or its node is known to be down.
  const limitMs = hold.timeoutMs + (autoPipelining ? bounds.staleMs : 0);
  const end = written[0]?.at ?? settled?.at ?? issued.at;
  const isHeld = issued.transaction === undefined;
  return isHeld && end - issued.at > limitMs + HOLD_SLACK_MS
    ? [
        {
          invariant: 'nothing is held for longer than it may be',
          text: `${op} (${issued.name}) was ${written.length === 0 ? 'never written, and settled' : 'written'} after ${end - issued.at} ms`,
          at: issued.at,
        },
      ]
    : [];
}

/** `done` means executed, with the reply of the server. A write that was not executed has an empty reply. */
function trueReply({ op, issued, settled, executed }: Operation): readonly Violation[] {
  if (settled?.outcome !== 'done') {
    return [];
  }
  const isNothing = settled.value === 'null' && issued.effect === 'write';
  const isTrue = isNothing
    ? executed.length === 0
    : executed.some(({ reply, at }) => reply === settled.value && at <= settled.at);
  return isTrue
    ? []
    : [
        {
          invariant: 'done means executed, with the reply that the caller got',
          text: `${op} (${issued.name}) was settled with ${settled.value}, and executed ${times(executed)}`,
          at: settled.at,
        },
      ];
}

/** One `EXEC` executes all commands of a transaction, or none of them is executed. */
function wholeOrNone(transaction: readonly Operation[]): readonly Violation[] {
  const executions = transaction.flatMap(({ executed }) => executed);
  const [first] = executions;
  const isWhole =
    executions.length === transaction.length &&
    executions.every(({ exec }) => exec !== undefined && exec === first?.exec);
  return first === undefined || isWhole
    ? []
    : [
        {
          invariant: 'a transaction runs as a whole or not at all',
          text: transaction.map(({ op, executed }) => `${op} executed ${times(executed)}`).join('; '),
          at: first.at,
        },
      ];
}

function watchHolds(transaction: readonly Operation[]): readonly Violation[] {
  return transaction.flatMap(({ op, issued, executed }) => {
    const blind = executed.find(({ underWatch }) => underWatch !== true);
    return issued.watches === true && blind !== undefined
      ? [
          {
            invariant: 'a transaction under WATCH never runs without it',
            text: `${op} was executed by ${blind.node}, which watched no key for it`,
            at: blind.at,
          },
        ]
      : [];
  });
}

function times(executed: Operation['executed']): string {
  return executed.length === 0
    ? 'nowhere'
    : executed.map(({ node, at, reply }) => `by ${node} at ${at} with ${reply}`).join(' and ');
}
