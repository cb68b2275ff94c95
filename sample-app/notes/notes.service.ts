import { Injectable } from '@nestjs/common';
import type { Cluster, Redis } from 'ioredis';
import { InjectRedisReader, InjectRedisWriter } from 'nestjs-redis-replication';
import { issueUntilKnown, type Issued } from './issue-until-known.js';
import { keyOf, type Note } from './note.js';

@Injectable()
export class NotesService {
  constructor(
    @InjectRedisWriter() private readonly writer: Redis | Cluster,
    @InjectRedisReader() private readonly reader: Redis | Cluster,
  ) {}

  /** Writes to the current master. */
  write({ id, text }: Note): Promise<Issued<string>> {
    return issueUntilKnown(() => this.writer.set(keyOf(id), text));
  }

  /** Reads from a replica, which may be some milliseconds behind, so that a note just written may still be the old one. */
  async read(id: string): Promise<Note | undefined> {
    const text = await this.reader.get(keyOf(id));
    return text === null ? undefined : { id, text };
  }
}
