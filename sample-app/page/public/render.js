import { create, setText, update } from './elements.js';
import {
  describeLag,
  describeLink,
  describeLoss,
  describeReach,
  describeRole,
  formatDuration,
  formatTime,
  summarize,
} from './wording.js';

// The roles repeat those of the elements, because some browsers drop these if CSS lays the table out as blocks.

const connectionWords = {
  live: 'Live',
  lost: 'Connection to the app lost, trying again. This is the last known state.',
};

/** Shows a topology. Everything that comes from a server is set as text, never as markup. */
export function render(topology) {
  byId('summary').parentElement.dataset.kind = topology.kind;
  setText(byId('summary'), summarize(topology));
  renderFacts(topology);
  renderLoss(topology.lastDataLoss);
  update(bodyOf('nodes'), topology.nodes.map(nodeRow));
  update(bodyOf('failovers'), topology.history.map(failoverRow));
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

function renderFacts({ kind, generation, cause, changedAt }) {
  const facts = [
    ['State', kind],
    ['Generation', String(generation)],
    ['Since', timeElement(changedAt)],
    ['Cause', cause],
  ];
  update(
    byId('facts'),
    facts.map(([term, value]) => create('div', {}, create('dt', {}, term), create('dd', {}, value))),
  );
}

function renderLoss(loss) {
  const element = byId('data-loss');
  element.hidden = loss === undefined;
  setText(element, loss === undefined ? '' : describeLoss(loss));
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

function failoverRow({ generation, from, to, tookMs, cause, at }) {
  return create(
    'tr',
    { role: 'row' },
    create('th', { scope: 'row', role: 'rowheader' }, String(generation)),
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
