import type { Redis } from 'ioredis';
import { NotAppliedError, UnknownOutcomeError } from '../../lib/index.js';
import type { End, Operation, Reply } from './history.js';
import type { Pulse } from './pulse.js';
import type { Recorder } from './recorder.js';

export type Issue = Pick<Operation, 'kind' | 'way' | 'counter'>;

/** Issues the commands of one app and writes down how each ends. */
export interface Scribe {
  /** Issues one command and waits until it has ended. Never rejects. */
  one(issue: Issue, run: (id: string) => Promise<unknown>): Promise<End>;
  /** The same on a connection with `commandTimeout`: one that timed out may have waited all along, unsent. */
  oneTimed(issue: Issue, redis: Redis, run: (id: string) => Promise<unknown>): Promise<void>;
  /** Issues several in one pipeline, each of which ends for itself. */
  several(issues: readonly Issue[], run: (ids: readonly string[]) => Promise<PipelineReplies>): Promise<void>;
}

export type PipelineReplies = readonly (readonly [error: Error | null, result: unknown])[] | null;

export function createScribe(app: string, recorder: Recorder, pulse: Pulse): Scribe {
  const finish = (id: string, issue: Issue, end: End) => {
    if (end.kind === 'done') pulse.beat(issue.way, recorder.issuedAt(id) ?? 0);
    recorder.end(id, end);
  };
  return {
    async one(issue, run) {
      const id = recorder.begin({ app, ...issue });
      const end = await settle(run(id), issue);
      finish(id, issue, end);
      return end;
    },
    async oneTimed(issue, redis, run) {
      const wasHeld = watchHold(redis);
      const id = recorder.begin({ app, ...issue });
      const end = await settle(run(id), issue);
      const held = wasHeld();
      finish(id, issue, end.kind === 'timed out' ? { ...end, held } : end);
    },
    async several(issues, run) {
      const begun = issues.map((issue) => ({ issue, id: recorder.begin({ app, ...issue }) }));
      const replies = await run(begun.map(({ id }) => id)).catch((error: unknown) => endOfError(error));
      for (const [index, { id, issue }] of begun.entries()) {
        finish(id, issue, isEnd(replies) ? replies : endOfMember(replies?.[index]));
      }
    },
  };
}

async function settle(promise: Promise<unknown>, { kind }: Issue): Promise<End> {
  try {
    const reply = await promise;
    return kind === 'pair' ? endOfTransaction(reply) : { kind: 'done', value: toReply(reply) };
  } catch (error) {
    return endOfError(error);
  }
}

function endOfError(error: unknown): End {
  if (error instanceof NotAppliedError) return { kind: 'not applied' };
  if (error instanceof UnknownOutcomeError) return { kind: 'unknown' };
  if (error instanceof Error && error.message === 'Command timed out')
    return { kind: 'timed out', held: false };
  return { kind: 'failed', message: error instanceof Error ? error.message : String(error) };
}

/** Nil where a watched key had changed; else a pair for each command, of which none may have failed. */
function endOfTransaction(reply: unknown): End {
  if (!Array.isArray(reply)) return { kind: 'aborted' };
  const failure: unknown = reply.flat().find((each) => each instanceof Error);
  return failure === undefined ? { kind: 'done', value: reply.length } : endOfError(failure);
}

function endOfMember(member: readonly [Error | null, unknown] | undefined): End {
  const [error, result] = member ?? [new Error('the pipeline has no reply for it'), null];
  return error === null ? { kind: 'done', value: toReply(result) } : endOfError(error);
}

function isEnd(replies: PipelineReplies | End): replies is End {
  return replies !== null && 'kind' in replies;
}

function toReply(reply: unknown): Reply {
  if (Array.isArray(reply)) return reply.map(String);
  return typeof reply === 'number' || typeof reply === 'string' ? reply : null;
}

/** Returns a function that reports whether the connection was never ready since: nothing can have been sent then. */
function watchHold(redis: Redis): () => boolean {
  let isReady = redis.status === 'ready';
  const note = () => (isReady = true);
  redis.once('ready', note);
  return () => {
    redis.off('ready', note);
    return !isReady && redis.status !== 'ready';
  };
}
