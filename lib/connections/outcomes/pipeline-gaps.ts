import { skipMember, type CommandStream } from '../ioredis/internals.js';

/**
 * Members of pipelines that ended while they waited. A pipeline is written once each member was handed in, so the
 * others would wait for them for ever.
 */
export class PipelineGaps {
  readonly #gaps = new WeakMap<CommandStream, number>();

  add(stream: CommandStream | undefined): void {
    if (stream !== undefined) {
      this.#gaps.set(stream, (this.#gaps.get(stream) ?? 0) + 1);
    }
  }

  /** To be called before and after members are handed in: a pipeline that has none left must write nothing. */
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
