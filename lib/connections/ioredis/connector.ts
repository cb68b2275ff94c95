import { AbstractConnector, type RedisOptions } from 'ioredis';
import type { NodeLine } from '../line/node-line.js';
import type { ServerWord } from '../line/server-identity.js';

/** The seam ioredis offers: it asks the connector for a socket, and whether the node behind it is the right one. */
export function connectorFor(line: NodeLine): NonNullable<RedisOptions['Connector']> {
  return class extends AbstractConnector {
    constructor() {
      super(0);
    }

    override async connect() {
      return line.connect();
    }

    override check(info: ServerWord | undefined): boolean {
      return line.check(info ?? {});
    }

    override disconnect(): void {
      line.hangUp();
    }
  };
}
