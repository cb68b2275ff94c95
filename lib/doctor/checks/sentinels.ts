import type { Facts, SentinelFacts } from '../facts.js';
import { finding, type Finding } from '../finding.js';

/** With fewer, the loss of one leaves no majority. */
const ENOUGH = 3;

type Usable = Extract<SentinelFacts, { readonly kind: 'usable' }>;

/** Whether the Sentinels can be asked, agree, and could promote a replica. */
export function checkSentinels({ sentinels, groups }: Facts): readonly Finding[] {
  const usable = sentinels.flatMap((each) => (each.kind === 'usable' ? [each] : []));
  const hasNodes = groups.some(({ topology }) => topology.nodes.length > 0);
  return [
    ...sentinels.flatMap((each) =>
      each.kind === 'unusable'
        ? [
            finding('sentinel-unusable', {
              node: each.endpoint,
              severity: hasNodes ? 'warning' : 'error',
              what: `this Sentinel cannot be used: ${each.reason}`,
              remedy: 'Start it, or correct its address, its name for the group, its login or its TLS.',
            }),
          ]
        : [],
    ),
    ...disagreement(usable),
    ...usable.flatMap(quorum),
    ...tooFew(usable),
  ];
}

function disagreement(usable: readonly Usable[]): readonly Finding[] {
  const masters = [...new Set(usable.flatMap(({ master }) => master ?? []))];
  return masters.length > 1
    ? [
        finding('sentinels-disagree', {
          what: `the Sentinels name different masters: ${masters.join(' and ')}`,
          remedy:
            'Wait for a failover to end; if it lasts, run `SENTINEL RESET <name>` on those that are wrong.',
        }),
      ]
    : [];
}

function quorum({ endpoint, quorum: answer }: Usable): readonly Finding[] {
  return typeof answer === 'string'
    ? []
    : [
        finding('sentinel-no-quorum', {
          node: endpoint,
          what: `no failover would happen: ${answer.complaint}`,
          remedy: 'Start the other Sentinels, or run `SENTINEL SET <name> quorum <number>`.',
        }),
      ];
}

function tooFew(usable: readonly Usable[]): readonly Finding[] {
  const known = Math.max(0, ...usable.map((each) => each.known));
  return usable.length > 0 && known < ENOUGH
    ? [
        finding('few-sentinels', {
          what: `there are ${known} Sentinels: if one is lost, the rest are no majority and promote nothing`,
          remedy: 'Run three at least, on separate machines.',
        }),
      ]
    : [];
}
