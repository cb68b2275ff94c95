import type { Facts, NodeFacts, Right, RightName } from '../facts.js';
import { finding, type Finding, type FindingId } from '../finding.js';

interface Meaning {
  readonly id: FindingId;
  /** What is lost without it. */
  readonly cost: string;
  /** As the ACL rule names the command. */
  readonly rule: string;
}

const meanings: Readonly<Record<RightName, Meaning>> = {
  info: {
    id: 'right-info',
    cost: 'the replication history and the lag are unknown, so that two masters at a time stay contested',
    rule: '+info',
  },
  xread: {
    id: 'right-watcher',
    cost: 'a demotion is noticed by a refused write or by the next poll, not at once',
    rule: '+xread',
  },
  setrange: { id: 'right-health', cost: 'health is down with NOPERM', rule: '+setrange' },
  subscribe: { id: 'right-channel', cost: 'the app probes alone, not with its fleet', rule: '+subscribe' },
  publish: { id: 'right-channel', cost: 'the app announces no promotion to its fleet', rule: '+publish' },
  pubsub: { id: 'right-channel', cost: 'the app does not know the size of its fleet', rule: '+pubsub' },
  'cluster|nodes': {
    id: 'right-cluster',
    cost: 'the app does not learn the shards and their slots, and cannot work',
    rule: '+cluster|nodes +cluster|slots',
  },
  'cluster|info': {
    id: 'right-cluster',
    cost: 'a node for which the cluster is down looks like a master that can be written to',
    rule: '+cluster|info',
  },
};

/** What the user may not do, what that costs, and the line that grants it. ACL users are not replicated. */
export function checkRights({ nodes, setup }: Facts): readonly Finding[] {
  return nodes.flatMap((facts) => {
    const { node, server } = facts;
    if (server === undefined) {
      return [];
    }
    const missing = server.rights.filter(isMissing);
    const ids = [...new Set(missing.map(({ name }) => meanings[name].id))];
    return [
      ...ids.map((id) => {
        const own = missing.filter(({ name }) => meanings[name].id === id);
        return finding(id, {
          node: node.endpoint,
          severity:
            own.some(({ name }) => name === 'cluster|nodes') || id !== 'right-cluster'
              ? undefined
              : 'warning',
          what: `the user may not use ${own.map((right) => nameOf(right, setup)).join(', ')}: ${costOf(own)}`,
          remedy: `Run \`ACL SETUSER ${setup.user} ${rulesFor(own, setup).join(' ')}\` on it, and on each other node.`,
        });
      }),
      ...probeKeyTaken(facts, setup),
      ...database(facts, setup),
      ...openToAnyone(facts),
      ...hiddenSettings(facts, setup),
    ];
  });
}

function isMissing({ outcome }: Right): boolean {
  return outcome === 'no command' || outcome === 'no key' || outcome === 'no channel';
}

function nameOf({ name, outcome }: Right, { probeKey }: Facts['setup']): string {
  const command = name.replace('|', ' ').toUpperCase();
  switch (outcome) {
    case 'no key':
      return `${command} on the key ${probeKey}`;
    case 'no channel':
      return `${command} on the channel ${probeKey}`;
    default:
      return command;
  }
}

function costOf(rights: readonly Right[]): string {
  return [...new Set(rights.map(({ name }) => meanings[name].cost))].join('; ');
}

function rulesFor(rights: readonly Right[], { probeKey }: Facts['setup']): readonly string[] {
  const rules = rights.map(({ name, outcome }) => {
    switch (outcome) {
      case 'no key':
        return `~${probeKey}`;
      case 'no channel':
        return `&${probeKey}`;
      default:
        return meanings[name].rule;
    }
  });
  return [...new Set(rules)];
}

function probeKeyTaken({ node, server }: NodeFacts, { probeKey }: Facts['setup']): readonly Finding[] {
  return server?.rights.some(({ outcome }) => outcome === 'wrong type') === true
    ? [
        finding('probe-key-taken', {
          node: node.endpoint,
          what: `the key ${probeKey} exists and has another type: health is down, or no watcher can be armed`,
          remedy: `Run \`DEL ${probeKey}\` on the master if nothing of yours needs it, or set the option \`probeKey\`.`,
        }),
      ]
    : [];
}

function database(
  { node, server }: NodeFacts,
  { database: number, user }: Facts['setup'],
): readonly Finding[] {
  const selected = server?.database;
  if (selected === undefined || selected === 'selected') {
    return [];
  }
  const remedy = selected.message.startsWith('NOPERM')
    ? `Run \`ACL SETUSER ${user} +select\` on it; Valkey 9.1 also limits users to databases (\`db=${number}\`).`
    : 'Use a database that exists: `CONFIG GET databases` says how many there are.';
  return [
    finding('database-refused', {
      node: node.endpoint,
      what: `database ${number} cannot be selected: ${selected.message}`,
      remedy,
    }),
  ];
}

/** In protected mode, only clients of the same machine are admitted without a password. */
function openToAnyone({ node, anonymous, server }: NodeFacts): readonly Finding[] {
  return anonymous === 'admitted' && server?.settings.get('protected-mode') !== 'yes'
    ? [
        finding('open-to-anyone', {
          node: node.endpoint,
          what: 'it answers whoever can reach its port, without a password',
          remedy: 'Run `ACL SETUSER default >password` on it, and keep its port from other networks.',
        }),
      ]
    : [];
}

function hiddenSettings({ node, server }: NodeFacts, { user }: Facts['setup']): readonly Finding[] {
  return server?.settings.size === 0
    ? [
        finding('settings-hidden', {
          node: node.endpoint,
          what: 'the user may not run CONFIG GET, so the settings of the server were not looked at; apps do not need it',
          remedy: `Run this again as a user of operators, or grant it for a while: \`ACL SETUSER ${user} +config|get\`.`,
        }),
      ]
    : [];
}
