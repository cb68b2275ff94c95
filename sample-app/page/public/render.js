import { create, setText, update } from './elements.js';
import {
  describeLag,
  describeLink,
  describeLoss,
  describeReach,
  describeRole,
  formatDuration,
  formatTime,
  nameShard,
  summarize,
  summarizeCluster,
} from './wording.js';

// The roles repeat those of the elements, because some browsers drop these if CSS lays the table out as blocks.

const connectionWords = {
  live: 'Live',
  lost: 'Connection to the app lost, trying again. This is the last known state.',
};

/** Shows a topology. Everything that comes from a server is set as text, never as markup. */
export function render(topology) {
  const isCluster = topology.shards !== undefined;
  byId('summary').parentElement.dataset.kind = topology.kind;
  setText(byId('summary'), isCluster ? summarizeCluster(topology) : summarize(topology));
  renderFacts(isCluster ? clusterFacts(topology) : groupFacts(topology));
  renderLosses(isCluster ? topology.shards.map((shard) => shard.topology) : [topology]);
  update(bodyOf('nodes'), isCluster ? topology.shards.flatMap(shardRows) : topology.nodes.map(nodeRow));
  update(
    bodyOf('failovers'),
    topology.history.map((failover) => failoverRow(failover, topology.shards)),
  );
  byId('no-failovers').hidden = topology.history.length > 0;
  byId('failovers').classList.toggle('without-rows', topology.history.length === 0);
}

/** Shows whether the page is still up to date: `live` or `lost`. */
export function renderConnection(state) {
  const element = byId('connection');
  element.dataset.state = state;
  setText(element, connectionWords[state]);
  document.body.classList.toggle('outdated', state === 'lost');
}

function groupFacts({ kind, generation, cause, changedAt }) {
  return [
    ['State', kind],
    ['Generation', String(generation)],
    ['Since', timeElement(changedAt)],
    ['Cause', cause],
  ];
}

function clusterFacts({ kind, shards, unassignedSlots }) {
  return [
    ['State', kind],
    ['Shards', String(shards.length)],
    ['Slots without a shard', String(unassignedSlots)],
  ];
}

function renderFacts(facts) {
  update(
    byId('facts'),
    facts.map(([term, value]) => create('div', {}, create('dt', {}, term), create('dd', {}, value))),
  );
}

function renderLosses(topologies) {
  const element = byId('data-loss');
  const losses = topologies.flatMap(({ lastDataLoss }) => lastDataLoss ?? []);
  element.hidden = losses.length === 0;
  setText(element, losses.map(describeLoss).join(' '));
}

function shardRows(shard) {
  const text = `${nameShard(shard)}: ${summarize(shard.topology)}`;
  const heading = create('th', { scope: 'rowgroup', role: 'rowheader', colSpan: 5 }, text);
  const row = create('tr', { role: 'row', className: 'shard' }, heading);
  return [row, ...shard.topology.nodes.map(nodeRow)];
}

function nodeRow(node) {
  const { mark, word } = describeRole(node);
  const markElement = create('span', { className: 'mark', ariaHidden: 'true' }, mark);
  const row = create(
    'tr',
    { role: 'row' },
    create(
      'th',
      { scope: 'row', role: 'rowheader', className: 'endpoint' },
      [node.endpoint, ...(node.aliases ?? [])].join(', '),
    ),
    cell('Role', {}, create('span', {}, markElement, ` ${word}`)),
    cell('Link to master', {}, describeLink(node)),
    cell('Lag', { className: 'number' }, describeLag(node)),
    cell('Reachable', {}, describeReach(node)),
  );
  row.dataset.kind = node.kind;
  return row;
}

function failoverRow({ generation, from, to, tookMs, cause, at, shard: id }, shards = []) {
  const shard = shards.find((each) => each.id === id);
  const number = shard === undefined ? `${generation}` : `${generation} of ${nameShard(shard)}`;
  return create(
    'tr',
    { role: 'row' },
    create('th', { scope: 'row', role: 'rowheader' }, number),
    cell('New master', { className: 'endpoint' }, to),
    cell('Old master', { className: 'endpoint' }, from),
    cell('Took', { className: 'number' }, formatDuration(tookMs)),
    cell('Cause', {}, cause),
    cell('At', {}, timeElement(at)),
  );
}

/** The label precedes the value if the screen is too narrow for columns. */
function cell(label, properties, ...content) {
  const element = create('td', { role: 'cell', ...properties }, ...content);
  element.dataset.label = label;
  return element;
}

function timeElement(at) {
  return create('time', { dateTime: new Date(at).toISOString() }, formatTime(at));
}

function bodyOf(table) {
  return byId(table).tBodies[0];
}

function byId(id) {
  return document.getElementById(id);
}
