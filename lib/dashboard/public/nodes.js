import { byId, create, update } from './elements.js';
import { sortNodes } from './group.js';
import { describeRole, explainNode } from './judgement.js';
import { formatBytes, nameShard, summarizeGroup } from './wording.js';

// The roles repeat those of the elements, because some browsers drop these if CSS lays the table out as blocks.

/** Each node: as what it is judged, what it says, and why. */
export function renderNodes(groups) {
  update(byId('nodes').tBodies[0], groups.flatMap(rowsOf));
}

function rowsOf({ shard, topology }) {
  const rows = sortNodes(topology.nodes).map((node) => nodeRow(node, topology));
  return shard === undefined ? rows : [shardRow(shard, topology), ...rows];
}

function shardRow(shard, topology) {
  const text = `${nameShard(shard)}: ${summarizeGroup(topology)}`;
  const heading = create('th', { scope: 'rowgroup', role: 'rowheader', colSpan: 4 }, text);
  return create('tr', { role: 'row', className: 'shard' }, heading);
}

function nodeRow(node, topology) {
  const { mark, word } = describeRole(node);
  const markElement = create('span', { className: 'mark', ariaHidden: 'true' }, mark);
  const names = [node.endpoint, ...(node.aliases ?? [])].join(', ');
  return create(
    'tr',
    { role: 'row', data: { kind: node.kind } },
    create('th', { scope: 'row', role: 'rowheader', className: 'endpoint' }, names),
    cell('Judged as', create('span', {}, markElement, ` ${word}`)),
    cell('It says', whatItSays(node)),
    cell('Why', explainNode(node, topology)),
  );
}

function whatItSays({ role, link, lagBytes, offset, runId, version, lostBytes, fault, message }) {
  const said = [
    role,
    link && `link ${link}`,
    lagBytes !== undefined && `lag ${formatBytes(lagBytes)}`,
    offset !== undefined && `offset ${offset}`,
    lostBytes !== undefined && `${formatBytes(lostBytes)} that the master lacks`,
    version,
    runId && `run id ${runId.slice(0, 8)}`,
    fault && `${fault}: ${message}`,
  ];
  return said.filter((each) => typeof each === 'string' && each !== '').join(', ') || 'nothing';
}

/** The label precedes the value if the screen is too narrow for columns. */
function cell(label, content) {
  return create('td', { role: 'cell', data: { label } }, content);
}
