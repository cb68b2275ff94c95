import { fieldsIn } from './fields-in.js';

/** The fields of a `HELLO` reply that we use. */
export interface HelloFields {
  readonly role: string | undefined;
  readonly mode: string | undefined;
  /** The RESP version of the connection: `2` or `3`. */
  readonly protocol: string | undefined;
}

/** Parses a `HELLO` reply. */
export function parseHello(reply: unknown): HelloFields {
  const fields = fieldsIn(reply);
  return { role: fields.get('role'), mode: fields.get('mode'), protocol: fields.get('proto') };
}
