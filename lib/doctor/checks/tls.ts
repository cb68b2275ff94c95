import type { Facts, NodeFacts } from '../facts.js';
import { finding, type Finding, type FindingId } from '../finding.js';

/** A certificate that is renewed by hand needs some weeks. */
const SOON_DAYS = 30;
const VERY_SOON_DAYS = 7;

/** Certificates that expire soon, and passwords that go without encryption. */
export function checkTls({ nodes, setup }: Facts): readonly Finding[] {
  const isBare = ({ node, reach }: NodeFacts) =>
    setup.tls === 'off' && node.address.tls !== true && reach.kind === 'open' && !isLocal(node.address.host);
  const bare = setup.password === 'set' ? nodes.filter(isBare) : [];
  return [
    ...nodes.flatMap(expiring),
    ...bare.slice(0, 1).map(() =>
      finding('plain-password', {
        what: 'password and data go over the network without encryption',
        remedy:
          'Use TLS (`tls-port`, `tls-replication yes`; `--tls` here), or a network that nobody else reads.',
      }),
    ),
  ];
}

function expiring({ node, certificates }: NodeFacts): readonly Finding[] {
  const [next] = certificates.toSorted((a, b) => a.daysLeft - b.daysLeft);
  if (next === undefined || next.daysLeft > SOON_DAYS) {
    return [];
  }
  return [
    finding('tls-expires', {
      node: node.endpoint,
      severity: next.daysLeft <= VERY_SOON_DAYS ? 'error' : 'warning',
      what: `the certificate "${next.subject}", issued by "${next.issuer}", expires in ${next.daysLeft} days`,
      remedy:
        'Renew it, and load it without a restart: `CONFIG SET tls-cert-file <file> tls-key-file <file>`.',
    }),
  ];
}

interface Reason extends Pick<Finding, 'what' | 'remedy'> {
  readonly id: FindingId;
}

/** Why TLS is what keeps the node from being used; `undefined` if it is something else. */
export function whyNoTls({ node, reach, speaks }: NodeFacts): Reason | undefined {
  if (speaks === 'TLS') {
    return {
      id: 'tls-expected',
      what: 'its port speaks TLS, and the app does not',
      remedy: `Name it rediss://${node.endpoint}, or use \`--tls\`; in the app, \`redis: { tls: {} }\`.`,
    };
  }
  if (speaks === 'plain') {
    return {
      id: 'tls-not-spoken',
      what: 'the app speaks TLS, and its port does not',
      remedy: 'Leave out `--tls` and rediss://, or name the port that is `tls-port` on the server.',
    };
  }
  return reach.kind === 'failed' ? whyUnverified(reach.code, reach.message) : undefined;
}

function whyUnverified(code: string, message: string): Reason | undefined {
  if (code === 'CERT_HAS_EXPIRED') {
    return {
      id: 'tls-expired',
      what: 'its certificate has expired, so no connection is made',
      remedy: 'Renew it, and load it: `CONFIG SET tls-cert-file <file> tls-key-file <file>`.',
    };
  }
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') {
    return {
      id: 'tls-name',
      what: `its certificate is for another name: ${message}`,
      remedy:
        'Name the node as its certificate does, or say which name it has: `--servername <name>`; in the app, `redis.tls.servername`.',
    };
  }
  return /^(SELF_SIGNED|DEPTH_ZERO|UNABLE_TO_|CERT_)/.test(code)
    ? {
        id: 'tls-untrusted',
        what: `its certificate comes from an authority that is not trusted here: ${message}`,
        remedy: 'Name the file of the authority: `--ca <file>`; in the app, `redis: { tls: { ca } }`.',
      }
    : undefined;
}

function isLocal(host: string): boolean {
  return host === 'localhost' || host === '::1' || host.startsWith('127.');
}
