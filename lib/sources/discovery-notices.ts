import { line } from '../topology/log-line.js';
import type { DiscoveryRules, Learned } from './learned-nodes.js';
import type { SourceContext } from './node-source.js';

/** Warns where the password goes, unprotected, to whatever address is listed. */
export function warnOfPassword(
  { seeds, requireProof, isCertified }: DiscoveryRules,
  { allow }: { readonly allow?: unknown },
  { security, notices }: SourceContext,
): void {
  if (security?.password === true && allow === undefined && !requireProof && !seeds.every(isCertified)) {
    const told = line`discoverNodes sends the password to any address that a node lists and that requires one: name the networks of your nodes in its option "allow", or use TLS`;
    notices?.raise('password', told, 'RR320');
  }
}

/** Tells operators what was left out. */
export function tell(
  { crowdedAt, unproven, refused }: Learned,
  rules: DiscoveryRules,
  context: SourceContext,
): void {
  const { notices } = context;
  if (crowdedAt !== undefined) {
    const told = line`the nodes list more addresses than discoverNodes follows ("maxNodes" is ${{ maxNodes: rules.maxNodes }}): seeds and nodes that are proven to be of the group come first; see the option "allow"`;
    notices?.raise('limit', told, 'RR321');
  } else {
    notices?.end('limit', line`the nodes list no more addresses than discoverNodes follows`, 'RR322');
  }
  if (unproven !== undefined) {
    const told = line`${{ node: unproven }}, and maybe others, is not followed: nothing proves that it is a node of the group ("requireProof" of discoverNodes)`;
    notices?.raise('unproven', told, 'RR323');
  }
  if (refused !== undefined) {
    notices?.raise(
      'refused',
      line`${{ node: refused }}, and maybe others, is not followed: "allow" of discoverNodes does not list it`,
      'RR324',
    );
  }
}
