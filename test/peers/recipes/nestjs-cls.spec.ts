import { ClsService } from 'nestjs-cls';
import { describe, expect, test } from 'vitest';
import { incidents, useApp } from '../failovers.js';
import { Audit, AuditModule, type RequestStore } from './nestjs-cls.js';

const { open } = useApp();

const users = ['ada', 'grace', 'edsger'];

describe.each(incidents)('when the master $incident', (incident) => {
  test('each request has its own context after its write, also after one that waited', async () => {
    const { context, writer, failOver } = await open(incident, [AuditModule]);
    const [cls, audit] = [context.get<ClsService<RequestStore>>(ClsService), context.get(Audit)];
    const request = (user: string) => cls.runWith({ user }, () => audit.note('login'));
    expect(await failOver(() => Promise.all(users.map(request)))).toEqual(users);
    expect(await writer.lrange('audit', 0, -1)).toEqual(users.map((user) => `${user}: login`).toReversed());
  });

  test('a callback and a pipeline that waited run in the context of their request', async () => {
    const { context, writer, failOver } = await open(incident, [AuditModule]);
    const cls = context.get<ClsService<RequestStore>>(ClsService);
    const request = (user: string) =>
      cls.runWith({ user }, async () => {
        await writer.pipeline().set(user, 1).get(user).exec();
        const piped: unknown = cls.get('user');
        const called = await new Promise<unknown>((resolve) => {
          void writer.get(user, () => resolve(cls.get('user')));
        });
        return [piped, called];
      });
    expect(await failOver(() => Promise.all(users.map(request)))).toEqual(users.map((user) => [user, user]));
  });
});
