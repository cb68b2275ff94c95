import { formatEndpoint, parseEndpoint, type Endpoint } from '../topology/endpoint.js';

/**
 * The endpoints in the list a user gave to the source called `source`.
 *
 * @throws TypeError that names the source and the entry where the list is empty, or an entry malformed or double.
 */
export function readEndpoints(source: string, texts: readonly string[]): readonly Endpoint[] {
  if (!Array.isArray(texts) || texts.length === 0) {
    throw new TypeError(`${source}: the list of nodes is empty; name at least one "host:port"`);
  }
  const endpoints = texts.map((text: string) => readEndpoint(source, text));
  const names = endpoints.map(formatEndpoint);
  const double = names.find((name, index) => names.indexOf(name) !== index);
  if (double !== undefined) {
    throw new TypeError(`${source}: "${double}" is named twice; name each node once`);
  }
  return endpoints;
}

/** The endpoint in one text; errors name the source. */
export function readEndpoint(source: string, text: string): Endpoint {
  if (typeof text !== 'string') {
    throw new TypeError(
      `${source}: ${String(text)} is not an endpoint; allowed is a string such as "host:port"`,
    );
  }
  try {
    return parseEndpoint(text);
  } catch (error) {
    throw new TypeError(`${source}: ${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
    });
  }
}
