import { Controller, Get, Module, Session } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { describe, expect, onTestFinished, test } from 'vitest';
import { incidents, useApp } from '../failovers.js';
import { createSessions } from './connect-redis.js';

const { open } = useApp();

@Controller()
class Visits {
  @Get()
  visit(@Session() session: { visits?: number }): number {
    session.visits = (session.visits ?? 0) + 1;
    return session.visits;
  }
}

@Module({ controllers: [Visits] })
class WebModule {}

describe.each(incidents)('when the master $incident', (incident) => {
  test('sessions are kept, and requests meanwhile wait for their session', async () => {
    const { writer, failOver } = await open(incident);
    const module = await Test.createTestingModule({ imports: [WebModule] }).compile();
    const app = module.createNestApplication({ logger: false });
    onTestFinished(() => app.close());
    app.use(createSessions(writer, 'secret'));
    await app.listen(0, '127.0.0.1');
    const url = await app.getUrl();
    const first = await fetch(url);
    const cookie = first.headers.getSetCookie()[0] ?? '';
    const visit = async () => (await fetch(url, { headers: { cookie } })).text();
    expect(await first.text()).toBe('1');
    expect(await failOver(visit)).toBe('2');
    expect(await visit()).toBe('3');
  });
});
