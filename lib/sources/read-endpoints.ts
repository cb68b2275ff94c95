import { describeValue } from '../options/describe-value.js';
import { formatEndpoint, isSocketPath, parseEndpoint, type Endpoint } from '../topology/endpoint.js';

/**
 * Parses the list of nodes, or Sentinels, that a user passed to the source called `source`.
 *
 * @throws TypeError if the list is empty, or an entry is malformed or listed twice. The message names source and entry.
 */
export function readEndpoints(
  source: string,
  texts: readonly string[],
  noun: 'node' | 'Sentinel' = 'node',
): readonly Endpoint[] {
  if (!Array.isArray(texts)) {
    throw new TypeError(
      `${source}: the list of ${noun}s is ${describeValue(texts)}; allowed is a list such as ["host:port"]`,
    );
  }
  if (texts.length === 0) {
    throw new TypeError(`${source}: the list of ${noun}s is empty; name at least one "host:port"`);
  }
  const endpoints = texts.map((text: string, index) => readEndpoint(`${source}: ${noun} ${index + 1}`, text));
  const names = endpoints.map(formatEndpoint);
  const duplicate = names.find((name, index) => names.indexOf(name) !== index);
  if (duplicate !== undefined) {
    throw new TypeError(`${source}: "${duplicate}" is named twice; name each ${noun} once`);
  }
  return endpoints;
}

/**
 * `subject` names the source, and the entry.
 *
 * @throws TypeError if the text is malformed. The message begins with the subject, and quotes nothing.
 */
export function readEndpoint(subject: string, text: string): Endpoint {
  if (typeof text !== 'string') {
    throw new TypeError(
      `${subject} is ${describeValue(text)}, not an endpoint; allowed is a string such as "host:port"`,
    );
  }
  try {
    return parseEndpoint(text);
  } catch (error) {
    throw new TypeError(`${subject} is ${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
    });
  }
}

/** @throws TypeError if the endpoint is a Unix socket, of which there is no second one. */
export function needTcp(subject: string, endpoint: Endpoint): Endpoint {
  if (isSocketPath(endpoint.host)) {
    throw new TypeError(`${subject} is a Unix socket; allowed is one by TCP, such as "host:port"`);
  }
  return endpoint;
}
