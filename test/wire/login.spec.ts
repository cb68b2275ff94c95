import { expect, test } from 'vitest';
import { logIn, type Login } from '../../lib/wire/login.js';
import { ReplyError } from '../../lib/wire/reply-error.js';

/** A server that refuses these commands, and what it was sent. */
function serverThatRefuses(refusals: Readonly<Record<string, string>> = {}) {
  const sent: string[] = [];
  const call = async ([name = '', ...args]: readonly string[]) => {
    sent.push([name, ...args].join(' '));
    const refusal = refusals[name];
    if (refusal !== undefined) throw new ReplyError(refusal);
    return 'OK';
  };
  return { sent, logIn: (login: Login) => logIn((...command) => call(command), login) };
}

test.each<[string, Login, readonly string[]]>([
  ['nobody', {}, ['HELLO 3']],
  ['nobody in RESP2', { protocol: 2 }, []],
  ['a password', { password: 'pass' }, ['HELLO 3 AUTH default pass']],
  ['a user', { username: 'app', password: 'pass' }, ['HELLO 3 AUTH app pass']],
  ['a user without a password', { username: 'app' }, ['HELLO 3 AUTH app ']],
  ['a password in RESP2', { password: 'pass', protocol: 2 }, ['AUTH pass']],
  ['a user in RESP2', { username: 'app', password: 'pass', protocol: 2 }, ['AUTH app pass']],
  ['empty texts', { username: '', password: '' }, ['HELLO 3']],
])('%s logs in as ioredis does', async (_, login, commands) => {
  const server = serverThatRefuses();
  expect(await server.logIn(login)).toBe(login.protocol ?? 3);
  expect(server.sent).toEqual(commands);
});

test.each([
  ['NOPROTO unsupported protocol version'],
  ["ERR unknown command 'HELLO', with args beginning with: '3' 'AUTH' "],
  ['ERR unknown command `HELLO`, with args beginning with: `3`, '],
])('a server that says "%s" is asked in RESP2', async (HELLO) => {
  const server = serverThatRefuses({ HELLO });
  expect(await server.logIn({ username: 'app', password: 'pass' })).toBe(2);
  expect(server.sent).toEqual(['HELLO 3 AUTH app pass', 'AUTH app pass']);
});

test.each([
  ['ERR Client sent AUTH, but no password is set'],
  ['ERR AUTH <password> called without any password configured for the default user. Are you sure?'],
  ["ERR wrong number of arguments for 'auth' command"],
])('a login that the server does not need is no fault: %s', async (AUTH) => {
  const server = serverThatRefuses({ AUTH });
  expect(await server.logIn({ password: 'pass', protocol: 2 })).toBe(2);
});

test('a server that refuses the HELLO because of a login that it does not need stays with RESP2', async () => {
  const server = serverThatRefuses({ HELLO: 'ERR Client sent AUTH, but no password is set' });
  expect(await server.logIn({ password: 'pass' })).toBe(2);
});

test.each([
  ['WRONGPASS invalid username-password pair or user is disabled.'],
  ['NOAUTH HELLO must be called with the client already authenticated'],
  ['ERR max number of clients reached'],
  ['ERR unknown command of another kind'],
])('a refusal rejects, without a second attempt: %s', async (HELLO) => {
  const server = serverThatRefuses({ HELLO });
  await expect(server.logIn({ password: 'pass' })).rejects.toThrow(HELLO);
  expect(server.sent).toHaveLength(1);
});

test('a refusal in RESP2 rejects', async () => {
  const server = serverThatRefuses({ HELLO: 'NOPROTO no', AUTH: 'ERR invalid password' });
  await expect(server.logIn({ password: 'pass' })).rejects.toThrow('ERR invalid password');
});
