import { Test } from '@nestjs/testing';
import { NotAppliedError } from 'nestjs-redis-replication';
import { AppModule, Notes } from './app.module';

test('an app boots and writes', async () => {
  const app = await Test.createTestingModule({ imports: [AppModule] }).compile();
  await app.init();
  const { writer } = app.get(Notes);
  expect(await writer.set('key', 'value')).toBe('OK');
  await app.close();
  await expect(writer.get('key')).rejects.toBeInstanceOf(NotAppliedError);
});
