import { faultOf } from '../replies/node-fault.js';
import { ProtocolFault } from '../wire/protocol-fault.js';

/** Whether the connection is gone, which does not mean that the node is down: only a new connection can show that. */
export function isLost(error: unknown): boolean {
  return error instanceof ProtocolFault || faultOf(error).fault === 'CLOSED';
}
