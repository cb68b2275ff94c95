import { describe, expect, test } from 'vitest';
import { containing } from '../support/matchers.js';
import { faultOf } from '../../lib/replies/node-fault.js';

const coded = (code: string, message = `message for ${code}`) => Object.assign(new Error(message), { code });

describe('the fault of a node', () => {
  test.each([
    ['ECONNREFUSED', 'REFUSED'],
    ['ENOTFOUND', 'NOT_FOUND'],
    ['EAI_AGAIN', 'NOT_FOUND'],
    ['EHOSTUNREACH', 'UNREACHABLE'],
    ['ENETUNREACH', 'UNREACHABLE'],
    ['EHOSTDOWN', 'UNREACHABLE'],
    ['ETIMEDOUT', 'TIMEOUT'],
    ['ECONNRESET', 'CLOSED'],
    ['EPIPE', 'CLOSED'],
  ])('by the code %s is %s', (code, fault) => {
    expect(faultOf(coded(code))).toEqual({ fault, message: `message for ${code}` });
  });

  test.each([
    'ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED',
    'ERR_OSSL_PEM_NO_START_LINE',
    'ERR_TLS_CERT_ALTNAME_INVALID',
    'CERT_HAS_EXPIRED',
    'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
    'SELF_SIGNED_CERT_IN_CHAIN',
    'DEPTH_ZERO_SELF_SIGNED_CERT',
    'EPROTO',
  ])('by the code %s is TLS, also in the message', (code) => {
    expect(faultOf(coded(code))).toEqual({
      fault: 'TLS',
      message: `TLS handshake failed: message for ${code}`,
    });
  });

  test.each(['ERR_SSL_WRONG_VERSION_NUMBER', 'ERR_SSL_PACKET_LENGTH_TOO_LONG'])(
    'by the code %s is TLS where none is spoken',
    (code) => {
      expect(faultOf(coded(code))).toEqual({
        fault: 'TLS',
        message: 'the port does not speak TLS; name it redis://host:port, and leave out the option "tls"',
      });
    },
  );

  test('of an app that gives no TLS options is TLS, and no handshake that failed', () => {
    expect(faultOf(coded('ERR_TLS_OPTIONS'))).toEqual({
      fault: 'TLS',
      message: 'message for ERR_TLS_OPTIONS',
    });
  });

  test.each([
    ['NOAUTH Authentication required.', 'NOAUTH'],
    ['NOAUTH HELLO must be called with the client already authenticated', 'NOAUTH'],
    ['WRONGPASS invalid username-password pair or user is disabled.', 'WRONGPASS'],
    ['ERR invalid password', 'WRONGPASS'],
    ["NOPERM this user has no permissions to run the 'role' command", 'NOPERM'],
    ['ERR max number of clients reached', 'MAXCLIENTS'],
    ['Connection is closed.', 'CLOSED'],
    ["Stream isn't writeable and enableOfflineQueue options is false", 'CLOSED'],
    ['MISCONF Errors writing to the AOF file: No space left on device', 'ERROR'],
    ['ERR unknown command', 'ERROR'],
  ])('by the reply "%s" is %s', (message, fault) => {
    expect(faultOf(new Error(message))).toEqual({ fault, message });
  });

  test.each([
    ['Protocol error, got "H" as reply type byte. Please report this.'],
    ['Unknown RESP type 72 "H". Please report this.'],
    ['Unknown RESP type 10 "\n". Please report this.'],
  ])('by the error "%s" of ioredis is a foreign protocol', (message) => {
    expect(faultOf(new Error(message))).toEqual({
      fault: 'ERROR',
      message: 'the port does not speak the Redis protocol',
    });
  });

  test.each([
    ['Protocol error, got "\\u0015" as reply type byte. Please report this.'],
    ['Unknown RESP type 21 "\u0015". Please report this.'],
  ])('by the first byte of a TLS alert is TLS (%#)', (message) => {
    expect(faultOf(new Error(message))).toMatchObject({
      fault: 'TLS',
      message: containing('speaks TLS'),
    });
  });

  test.each([
    ['RESP_FOREIGN', 'ERROR', 'the port does not speak the Redis protocol'],
    ['RESP_TLS', 'TLS', 'the port speaks TLS; name it rediss://host:port, or set the option "tls"'],
    ['RESP_TOO_LARGE', 'ERROR', 'message for RESP_TOO_LARGE'],
    ['RESP_MALFORMED', 'ERROR', 'message for RESP_MALFORMED'],
    ['RESP_UNASKED', 'ERROR', 'message for RESP_UNASKED'],
  ])('by the code %s of our own reader is %s', (code, fault, message) => {
    expect(faultOf(coded(code))).toEqual({ fault, message });
  });

  test('with an unknown code is read from the message', () => {
    expect(faultOf(coded('EWHATEVER', 'NOAUTH Authentication required.'))).toMatchObject({ fault: 'NOAUTH' });
  });

  test('may be any thrown value', () => {
    expect(faultOf('broken')).toEqual({ fault: 'ERROR', message: 'broken' });
    expect(faultOf(undefined)).toEqual({ fault: 'ERROR', message: 'undefined' });
  });
});

test('a long text with line ends and terminal codes is shown on one line of 200 characters', () => {
  const { fault, message } = faultOf(new Error(`NOAUTH one\nWARN two \u001b[31m${'x'.repeat(5_000_000)}`));
  expect(fault).toBe('NOAUTH');
  expect(message).toMatch(/^NOAUTH one WARN two +\[31mx+…$/);
  expect(message).toHaveLength(200);
});

test('the password that a server without AUTH quotes is left out', () => {
  const message = "ERR unknown command 'AUTH', with args beginning with: 'app' 's3cret\nmore' ";
  expect(faultOf(new Error(message))).toEqual({ fault: 'ERROR', message: "ERR unknown command 'AUTH'" });
});
