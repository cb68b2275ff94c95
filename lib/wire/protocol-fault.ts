/**
 * - `RESP_FOREIGN`: the first byte of a reply is of another protocol.
 * - `RESP_TLS`: it is the first byte of a TLS alert.
 * - `RESP_MALFORMED`: the rest of a reply is not as RESP demands.
 * - `RESP_TOO_LARGE`: a reply exceeds a limit.
 * - `RESP_UNASKED`: a reply has no request.
 */
export type ProtocolFaultCode =
  'RESP_FOREIGN' | 'RESP_TLS' | 'RESP_MALFORMED' | 'RESP_TOO_LARGE' | 'RESP_UNASKED';

/** The server sent something that cannot be read. Nothing that follows on the connection can be trusted. */
export class ProtocolFault extends Error {
  override readonly name = 'ProtocolFault';
  readonly code: ProtocolFaultCode;

  constructor(code: ProtocolFaultCode, message: string) {
    super(message);
    this.code = code;
  }
}

export function malformed(what: string): ProtocolFault {
  return new ProtocolFault('RESP_MALFORMED', `the server sent a malformed reply: ${what}`);
}

export function tooLarge(what: string): ProtocolFault {
  return new ProtocolFault('RESP_TOO_LARGE', `the server sent more than is read: ${what}`);
}
