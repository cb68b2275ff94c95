import { line } from '../topology/log-line.js';
import type { SourceContext } from '../sources/node-source.js';

/** Tells operators of errors of the API: each kind once, until the API answers. */
export class FaultNotices {
  readonly #group: string;
  readonly #notices: SourceContext['notices'];
  readonly #open = new Set<string>();

  constructor(group: string, notices: SourceContext['notices']) {
    this.#group = group;
    this.#notices = notices;
  }

  raise(error: unknown): void {
    const { kind, message } = describeFault(error);
    const topic = this.#topicOf(kind);
    this.#open.add(kind);
    const told = line`elastiCacheNodes: group ${{ group: this.#group }}: ${{ fault: kind }}: ${{ reason: message }}; the nodes already known stay in use`;
    this.#notices?.raise(topic, told, 'RR340');
  }

  end(): void {
    for (const kind of this.#open) {
      const told = line`elastiCacheNodes: group ${{ group: this.#group }}: the API answers again, after ${{ fault: kind }}`;
      this.#notices?.end(this.#topicOf(kind), told, 'RR341');
    }
    this.#open.clear();
  }

  #topicOf(kind: string): string {
    return `elastiCacheNodes ${this.#group} ${kind}`;
  }
}

const MAX_LENGTH = 300;

/**
 * The first line only: where a signature is wrong, the API quotes the signed request with its session token in the lines
 * that follow.
 */
function describeFault(error: unknown): { readonly kind: string; readonly message: string } {
  if (!(error instanceof Error)) {
    return { kind: 'Error', message: 'the client failed without an error' };
  }
  const [first = ''] = error.message.split(/[\r\n]/);
  const code = 'code' in error && typeof error.code === 'string' ? error.code : undefined;
  // Errors of the network have a code, and several attempts in parallel have no message.
  const kind = error.name === 'Error' || error.name === 'AggregateError' ? (code ?? error.name) : error.name;
  return { kind, message: first.slice(0, MAX_LENGTH) || 'no message' };
}
