import { isPipeline, skipMember, type CommandStream } from '../ioredis/internals.js';

/**
 * Counts the members of pipelines that ended while they were held. ioredis writes a pipeline only after it counted every
 * member, so without them the other members would never be written.
 */
export class PipelineGaps {
  readonly #gaps = new WeakMap<CommandStream, number>();

  add(stream: CommandStream | undefined): void {
    if (stream !== undefined) {
      this.#gaps.set(stream, (this.#gaps.get(stream) ?? 0) + 1);
    }
  }

  /** Counts a member of a pipeline that will never be written, at once if the others may be written now. */
  skip(stream: CommandStream | undefined, canWrite: boolean): void {
    if (isPipeline(stream) && canWrite) {
      skipMember(stream);
    } else if (isPipeline(stream)) {
      this.add(stream);
    }
  }

  /** Call it before and after the other members are written, because members may end at both times. */
  close(stream: CommandStream | undefined): void {
    if (stream === undefined) {
      return;
    }
    for (let left = this.#gaps.get(stream) ?? 0; left > 0; left -= 1) {
      skipMember(stream);
    }
    this.#gaps.delete(stream);
  }
}
