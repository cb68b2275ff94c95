import { ConsoleLogger, Logger, type LoggerService } from '@nestjs/common';
import { afterEach, expect, test, vi } from 'vitest';
import { asOneLine, reportTo } from '../../lib/nest/log-notes.js';
import type { ChangeNote } from '../../lib/topology/describe-change.js';
import { recordLogs } from '../support/recorded-logs.js';

const note: ChangeNote = {
  code: 'RR200',
  level: 'warn',
  text: 'node A cannot be used: REFUSED, connection refused',
  facts: { node: 'A', fault: 'REFUSED' },
};

/** What Nest's logger of these options prints for the note, for an instance with this name. */
function print(logger: LoggerService, name = 'default', told = note): string {
  const printed: string[] = [];
  const write = (text: unknown) => {
    printed.push(String(text));
    return true;
  };
  vi.spyOn(process.stdout, 'write').mockImplementation(write);
  vi.spyOn(process.stderr, 'write').mockImplementation(write);
  Logger.overrideLogger(logger);
  reportTo(name)(told);
  return printed.join('');
}

afterEach(() => {
  vi.restoreAllMocks();
  Logger.overrideLogger(new ConsoleLogger());
});

test('the JSON logger of Nest prints one object, with the code, the instance, the text and the facts', () => {
  const printed = print(new ConsoleLogger({ json: true }), 'sessions');
  expect(printed.trim().split('\n')).toHaveLength(1);
  expect(JSON.parse(printed)).toMatchObject({
    level: 'warn',
    context: 'RedisReplication(sessions)',
    message: { code: 'RR200', instance: 'sessions', text: note.text, node: 'A', fault: 'REFUSED' },
  });
});

test('so does a logger of the app that extends it, and an error goes to the error stream as an object', () => {
  class AppLogger extends ConsoleLogger {
    constructor() {
      super({ json: true });
    }
  }
  const printed: unknown = JSON.parse(print(new AppLogger(), 'default', { ...note, level: 'error' }));
  expect(printed).toMatchObject({ level: 'error', context: 'RedisReplication', message: { code: 'RR200' } });
});

test("Nest's plain logger prints the text, followed by the code", () => {
  const printed = print(new ConsoleLogger({ colors: false }));
  expect(printed).toContain(`[RedisReplication] ${note.text} [RR200]`);
  expect(printed.trim().split('\n')).toHaveLength(1);
});

test('any other logger gets the text, followed by the code', () => {
  const logs = recordLogs();
  print(logs);
  expect(logs.lines).toEqual([
    { level: 'warn', context: 'RedisReplication', text: note.text, code: 'RR200' },
  ]);
});

test('a logger that is set later counts from the next line on', () => {
  const report = reportTo('default');
  const logs = recordLogs();
  Logger.overrideLogger(new ConsoleLogger({ json: true }));
  Logger.overrideLogger(logs);
  report(note);
  expect(logs.lines).toHaveLength(1);
});

test('a source of the app that names a fact as every line names its code, changes no code', () => {
  const printed = print(new ConsoleLogger({ json: true }), 'default', {
    ...note,
    facts: { code: 'X', text: '' },
  });
  expect(JSON.parse(printed)).toMatchObject({ message: { code: 'RR200', text: note.text } });
});

test('whatever a node says, text and facts are one line each', () => {
  const reason = 'one\r\n[Nest] forged \u202e';
  const told = asOneLine({ ...note, text: `failed: ${reason}`, facts: { reason, bytes: 7 } });
  expect(told).toMatchObject({
    text: 'failed: one [Nest] forged',
    facts: { reason: 'one [Nest] forged', bytes: 7 },
  });
});
