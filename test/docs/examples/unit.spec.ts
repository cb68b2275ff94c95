import { Injectable } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import type { Redis } from 'ioredis';
import { InjectRedisReader, InjectRedisWriter, UnknownOutcomeError } from 'nestjs-redis-replication';
import { createTestingConnections } from 'nestjs-redis-replication/testing';
import { expect, test } from 'vitest';

// Yours: import it from your app.
@Injectable()
class Notes {
  constructor(
    @InjectRedisWriter() private readonly writer: Redis,
    @InjectRedisReader() private readonly reader: Redis,
  ) {}

  async save(id: string, text: string): Promise<'saved' | 'perhaps saved'> {
    try {
      await this.writer.set(`note:${id}`, text);
      return 'saved';
    } catch (error) {
      if (error instanceof UnknownOutcomeError) return 'perhaps saved';
      throw error;
    }
  }

  read(id: string): Promise<string | null> {
    return this.reader.get(`note:${id}`);
  }
}

async function notesOn(writer: object): Promise<Notes> {
  const { providers } = createTestingConnections({ writer });
  const module = await Test.createTestingModule({ providers: [Notes, ...providers] }).compile();
  return module.get(Notes);
}

test('a note can be read after it was saved', async () => {
  const texts = new Map<string, string>();
  const notes = await notesOn({
    set: async (key: string, text: string) => void texts.set(key, text),
    get: async (key: string) => texts.get(key) ?? null,
  });
  expect(await notes.save('1', 'text')).toBe('saved');
  expect(await notes.read('1')).toBe('text');
});

test('a note whose reply was lost may have been saved', async () => {
  const lost = new UnknownOutcomeError({
    command: 'set',
    generation: 1,
    reason: 'the connection was closed',
  });
  const notes = await notesOn({ set: () => Promise.reject(lost) });
  expect(await notes.save('1', 'text')).toBe('perhaps saved');
});
