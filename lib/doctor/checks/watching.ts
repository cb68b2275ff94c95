import type { Facts, NodeFacts } from '../facts.js';
import { finding, type Finding } from '../finding.js';

/** The pushes and messages that make a failover fast. */
export function checkWatching({ nodes }: Facts): readonly Finding[] {
  return nodes.flatMap((facts) => [...watcher(facts), ...channel(facts)]);
}

function watcher({ node, server }: NodeFacts): readonly Finding[] {
  return server?.watcher === 'silent'
    ? [
        finding('watcher-silent', {
          node: node.endpoint,
          what: 'a blocking read got no push when it was ended: a demotion is noticed by a refused write or by the next poll',
          remedy:
            'Connect to the server itself: a proxy in between does not pass on blocking commands, or is slow.',
        }),
      ]
    : [];
}

function channel({ node, server }: NodeFacts): readonly Finding[] {
  switch (server?.channel.kind) {
    case 'silent':
      return [
        finding('channel-silent', {
          node: node.endpoint,
          what: 'a message published on the channel of the fleet did not arrive: the app probes alone',
          remedy: 'Connect to the server itself: a proxy in between does not pass on messages.',
        }),
      ];
    case 'no RESP3':
      return [
        finding('old-protocol', {
          node: node.endpoint,
          what: 'the connection speaks RESP2, so the app takes no part in its fleet',
          remedy: 'Leave out `protocol: 2`; servers before Redis 6 and some proxies know nothing else.',
        }),
      ];
    default:
      return [];
  }
}
