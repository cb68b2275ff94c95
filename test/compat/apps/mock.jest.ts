import { Test } from '@nestjs/testing';
import * as RedisMock from 'ioredis-mock';
import { ReadOnlyConnectionError } from 'nestjs-redis-replication';
import { createTestingConnections } from 'nestjs-redis-replication/testing';
import { AppModule, Notes } from './app.module';

test('an app works on ioredis-mock', async () => {
  const connections = createTestingConnections({ writer: new RedisMock() });
  const app = await connections.override(Test.createTestingModule({ imports: [AppModule] })).compile();
  await app.init();
  const { writer, reader } = app.get(Notes);
  expect(await writer.set('key', 'of the mock')).toBe('OK');
  expect(await reader.get('key')).toBe('of the mock');
  expect(await reader.pipeline().get('key').exec()).toEqual([[null, 'of the mock']]);
  await expect(reader.set('key', 'value')).rejects.toBeInstanceOf(ReadOnlyConnectionError);
  await app.close();
});
