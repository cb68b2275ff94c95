import { transactionsOf, type Operation } from './operations.js';
import type { Terms, Violation } from './violation.js';

/** What callers are told is true, and stays true. */
export function checkOutcomes(operations: readonly Operation[], terms: Terms): readonly Violation[] {
  return [
    ...operations.flatMap((operation) => [
      ...neverAfterRejection(operation, terms),
      ...neverAfterWord(operation),
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

/** Not applied, and the server's own refusal, are final: no server ever executes the command, sooner or later. */
function neverAfterRejection(operation: Operation, terms: Terms): readonly Violation[] {
  const { op, issued, told, executed } = operation;
  const [execution] = executed;
  // A refusal speaks of the last time only.
  const isFinal =
    told?.outcome === 'not applied' || (told?.outcome === 'refused' && !mayRepeat(operation, terms));
  return execution !== undefined && isFinal && issued.effect === 'write'
    ? [
        {
          invariant: 'what was rejected as not applied is never executed',
          text: `${op} was executed by ${execution.node} at ${execution.at}, its caller told at ${told.at}: ${told.message}`,
          at: execution.at,
        },
      ]
    : [];
}

function neverAfterWord({ op, told, written }: Operation): readonly Violation[] {
  const late = told && written.find(({ at }) => at > told.at);
  return late === undefined
    ? []
    : [
        {
          invariant: 'nothing is written once its caller was told an outcome',
          text: `${op} was written to ${late.node} at ${late.at}, its caller told at ${told?.at}: ${told?.outcome}`,
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

/** A queue that is looked through every few milliseconds, and a moment for the news to arrive. */
const HOLD_SLACK_MS = 50;

function waitsNoLonger(
  { op, issued, written, told }: Operation,
  { settings: { hold, autoPipelining }, bounds }: Terms,
): readonly Violation[] {
  // With automatic pipelines ioredis keeps a command until the pipeline before it is done, or its node known to be silent.
  const limitMs = hold.timeoutMs + (autoPipelining ? bounds.staleMs : 0);
  const tookMs = (told?.at ?? issued.at) - issued.at;
  const isHeld = written.length === 0 && issued.transaction === undefined;
  return isHeld && tookMs > limitMs + HOLD_SLACK_MS
    ? [
        {
          invariant: 'nothing is held for longer than it may be',
          text: `${op} (${issued.name}) was never written, and its caller told after ${tookMs} ms`,
          at: issued.at,
        },
      ]
    : [];
}

/** Done means executed, and the reply is the one the server gave; nothing done is told by an empty reply only. */
function trueReply({ op, issued, told, executed }: Operation): readonly Violation[] {
  if (told?.outcome !== 'done') {
    return [];
  }
  const isNothing = told.value === 'null' && issued.effect === 'write';
  const isTrue = isNothing
    ? executed.length === 0
    : executed.some(({ reply, at }) => reply === told.value && at <= told.at);
  return isTrue
    ? []
    : [
        {
          invariant: 'done means executed, with the reply that the caller got',
          text: `${op} (${issued.name}) was told ${told.value}, and executed ${times(executed)}`,
          at: told.at,
        },
      ];
}

/** All commands of a transaction by one `EXEC`, or none of them. */
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
