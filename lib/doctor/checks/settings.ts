import type { Facts, NodeFacts, ServerFacts } from '../facts.js';
import { finding, type Finding } from '../finding.js';

/** A limit is near when this share of it is used. */
const NEAR = 0.8;
/** The default of Redis. */
const USUAL_BACKLOG_BYTES = 1_048_576;
/** A replica that restarts or is cut off for this long is to go on where it was. */
const BACKLOG_SECONDS = 60;
/** A probe that takes this share of `replyTimeoutMs` makes the node suspect at the next hiccup. */
const SLOW_SHARE = 0.5;

/** Limits and timeouts of the servers. */
export function checkSettings(facts: Facts): readonly Finding[] {
  return facts.nodes.flatMap((each) => {
    const { server } = each;
    return server === undefined
      ? []
      : [
          ...backlog(each, server),
          ...timeouts(each, server),
          ...slow(each, facts.setup),
          ...clients(each, server),
          ...memory(each, server),
        ];
  });
}

function backlog({ node }: NodeFacts, { settings, info }: ServerFacts): readonly Finding[] {
  const bytes = Number(settings.get('repl-backlog-size') ?? Number.NaN);
  const kilobytes = Number(info.get('instantaneous_output_repl_kbps') ?? 0);
  const seconds = Math.floor(bytes / (kilobytes * 1024));
  if (node.kind !== 'master' || !(bytes < USUAL_BACKLOG_BYTES || seconds < BACKLOG_SECONDS)) {
    return [];
  }
  const covers = seconds === Infinity ? '' : `, which is ${seconds} s of the writes at present`;
  return [
    finding('backlog-small', {
      node: node.endpoint,
      what: `repl-backlog-size is ${bytes} bytes${covers}: a replica that was away for longer needs a full copy`,
      remedy: `Run \`CONFIG SET repl-backlog-size ${Math.max(USUAL_BACKLOG_BYTES, kilobytes * 1024 * BACKLOG_SECONDS)}\` on each node.`,
    }),
  ];
}

function timeouts({ node }: NodeFacts, { settings }: ServerFacts): readonly Finding[] {
  const secondsOf = (name: string) => Number(settings.get(name) ?? Number.NaN);
  const [idle, limit, ping] = ['timeout', 'repl-timeout', 'repl-ping-replica-period'].map(secondsOf);
  return [
    ...(idle !== undefined && idle > 0
      ? [
          finding('idle-timeout', {
            node: node.endpoint,
            what: `timeout is ${idle}: the server closes connections that are idle for ${idle} s, and each close has all nodes probed`,
            remedy: 'Run `CONFIG SET timeout 0` on it; `tcp-keepalive` finds clients that are gone.',
          }),
        ]
      : []),
    ...(limit !== undefined && ping !== undefined && limit <= 2 * ping
      ? [
          finding('repl-timeout-short', {
            node: node.endpoint,
            what: `repl-timeout is ${limit} s, and replicas are pinged every ${ping} s: one late ping ends the replication`,
            remedy: `Run \`CONFIG SET repl-timeout ${Math.max(60, 6 * ping)}\` on each node.`,
          }),
        ]
      : []),
  ];
}

function slow({ node, steps }: NodeFacts, { replyTimeoutMs }: Facts['setup']): readonly Finding[] {
  const { ms } = steps.find(({ name }) => name === 'info') ?? { ms: 0 };
  return ms > SLOW_SHARE * replyTimeoutMs
    ? [
        finding('slow-node', {
          node: node.endpoint,
          what: `it took ${Math.round(ms)} ms to answer INFO, and replyTimeoutMs is ${replyTimeoutMs}: it is likely to be taken for a node that hangs`,
          remedy: `Set \`replyTimeoutMs: ${Math.ceil(ms / 50) * 200}\`, or find out what slows it: \`SLOWLOG GET\`, \`LATENCY DOCTOR\`.`,
        }),
      ]
    : [];
}

function clients({ node }: NodeFacts, { settings, info }: ServerFacts): readonly Finding[] {
  const used = Number(info.get('connected_clients') ?? 0);
  const most = Number(settings.get('maxclients') ?? info.get('maxclients') ?? Infinity);
  return used > NEAR * most
    ? [
        finding('clients-near-limit', {
          node: node.endpoint,
          what: `it has ${used} clients of at most ${most}; after a failover, those of the other nodes come as well`,
          remedy: `Run \`CONFIG SET maxclients ${Math.max(10_000, 4 * used)}\` on each node.`,
        }),
      ]
    : [];
}

function memory({ node }: NodeFacts, { settings, info }: ServerFacts): readonly Finding[] {
  const used = Number(info.get('used_memory') ?? 0);
  const most = Number(settings.get('maxmemory') ?? info.get('maxmemory') ?? 0);
  const policy = settings.get('maxmemory-policy') ?? info.get('maxmemory_policy');
  return policy === 'noeviction' && most > 0 && used > NEAR * most
    ? [
        finding('memory-near-limit', {
          node: node.endpoint,
          what: `it uses ${used} bytes of at most ${most}, and evicts nothing: soon it refuses writes`,
          remedy: `Run \`CONFIG SET maxmemory ${2 * most}\` on each node if the machines have it, or choose a \`maxmemory-policy\` that evicts.`,
        }),
      ]
    : [];
}
