import type { Facts, NodeFacts } from '../facts.js';
import { finding, type Finding } from '../finding.js';

/** Versions, and what is kept on disk. */
export function checkServers({ nodes }: Facts): readonly Finding[] {
  return [...versionsDiffer(nodes), ...nodes.flatMap((each) => [...oldVersion(each), ...persistence(each)])];
}

/** Such as `Redis 7.0.15`; `undefined` where `INFO` is forbidden. */
export function versionOf({ server }: NodeFacts): string | undefined {
  const valkey = server?.info.get('valkey_version');
  const redis = server?.info.get('redis_version');
  return valkey === undefined ? redis && `Redis ${redis}` : `Valkey ${valkey}`;
}

function versionsDiffer(nodes: readonly NodeFacts[]): readonly Finding[] {
  const versions = [...new Set(nodes.flatMap((each) => versionOf(each) ?? []))];
  return versions.length < 2
    ? []
    : [
        finding('versions-differ', {
          what: `the nodes run ${versions.toSorted().join(' and ')}: an older replica may be unable to read what a newer master sends`,
          remedy: 'Bring all nodes to one version, replicas first.',
        }),
      ];
}

const OLDEST = { Redis: [6, 2], Valkey: [7, 2] } as const;

function oldVersion(facts: NodeFacts): readonly Finding[] {
  const version = versionOf(facts) ?? '';
  const [, brand, major, minor] = /^(Redis|Valkey) (\d+)\.(\d+)/.exec(version) ?? [];
  const [least, leastMinor] = brand === 'Valkey' ? OLDEST.Valkey : OLDEST.Redis;
  const isOld = Number(major) < least || (Number(major) === least && Number(minor) < leastMinor);
  return isOld
    ? [
        finding('version-unsupported', {
          node: facts.node.endpoint,
          what: `it runs ${version}; supported are Redis 6.2 and Valkey 7.2 and newer`,
          remedy: 'Update it, replicas first.',
        }),
      ]
    : [];
}

function persistence({ node, server }: NodeFacts): readonly Finding[] {
  if (server === undefined) {
    return [];
  }
  const { info, settings } = server;
  const failing = ['rdb_last_bgsave_status', 'aof_last_write_status', 'aof_last_bgrewrite_status'].filter(
    (name) => info.get(name) === 'err',
  );
  const keepsNothing = settings.get('save') === '' && settings.get('appendonly') === 'no';
  return [
    ...failing.map((name) =>
      finding('saving-fails', {
        node: node.endpoint,
        what: `the last time, it could not write its data to disk (${name}:err)`,
        remedy: 'Make room on its disk, or correct `dir`, and run `BGSAVE`; its log says what has failed.',
      }),
    ),
    ...(node.kind === 'master' && keepsNothing
      ? [
          finding('not-persistent', {
            node: node.endpoint,
            what: 'it keeps nothing on disk: if it restarts by itself as the master, it is empty, and so are its replicas soon',
            remedy:
              'Run `CONFIG SET save "3600 1 300 100"` or `CONFIG SET appendonly yes` on it, or see that nothing restarts it as the master (`Restart=no`, Sentinel with a longer restart delay).',
          }),
        ]
      : []),
  ];
}
