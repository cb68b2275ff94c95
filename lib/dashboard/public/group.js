import { byId, create, update } from './elements.js';
import { describeRole, explainNode } from './judgement.js';
import { formatBytes, nameShard, summarizeGroup } from './wording.js';

/** A picture of each group: the master, below it what replicates from it, beside it what does not. */
export function renderGroups(groups) {
  update(
    byId('group'),
    groups.map((group) =>
      create(
        'figure',
        { data: { kind: group.topology.kind } },
        ...(group.shard === undefined
          ? []
          : [create('figcaption', {}, `${nameShard(group.shard)}: ${summarizeGroup(group.topology)}`)]),
        create('ul', { className: 'tree' }, ...branches(group)),
      ),
    ),
  );
}

function branches(group) {
  const nodes = sortNodes(group.topology.nodes);
  const master = nodes.find(({ kind }) => kind === 'master');
  const followers = master === undefined ? [] : nodes.filter(isFollower);
  const others = nodes.filter((node) => node !== master && !followers.includes(node));
  const leaves = followers.map((node) => branch(node, group, { link: linkOf(node) }));
  return [
    ...(master === undefined ? [] : [branch(master, group, { leaves })]),
    ...others.map((node) => branch(node, group)),
  ];
}

/** The master first. */
export function sortNodes(nodes) {
  const order = ['master', 'contender', 'stale', 'replica', 'pending', 'unusable'];
  return nodes.toSorted((a, b) => order.indexOf(a.kind) - order.indexOf(b.kind));
}

function isFollower({ kind, following, foreign }) {
  return kind === 'replica' && following !== false && foreign !== true;
}

function linkOf({ link, following }) {
  return following === undefined ? 'unknown' : (link ?? 'up');
}

function branch(node, { topology, reader }, { link = 'none', leaves = [] } = {}) {
  const { mark, word } = describeRole(node);
  const names = [node.endpoint, ...(node.aliases ?? [])];
  const box = create(
    'div',
    { className: 'box', title: explainNode(node, topology), data: { kind: node.kind } },
    create('span', { className: 'mark', ariaHidden: 'true' }, mark),
    create('span', { className: 'endpoint' }, names.join(', ')),
    create('span', { className: 'muted' }, [word, ...details(node)].join(', ')),
    ...(names.includes(reader) ? [create('span', { className: 'tag' }, 'reader')] : []),
    ...(node.kind === 'master' ? [create('span', { className: 'tag' }, 'writer')] : []),
  );
  const below = leaves.length === 0 ? [] : [create('ul', { ariaLabel: 'replicate from it' }, ...leaves)];
  return create('li', { data: { link } }, box, ...below);
}

function details({ kind, link, lagBytes, fault, zone }) {
  return [
    ...(kind === 'replica' && link !== undefined && link !== 'up' ? [`link ${link}`] : []),
    ...(lagBytes === undefined ? [] : [`lag ${formatBytes(lagBytes)}`]),
    ...(fault === undefined ? [] : [fault]),
    ...(zone === undefined ? [] : [zone]),
  ];
}
