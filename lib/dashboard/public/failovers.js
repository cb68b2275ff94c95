import { byId, create, setText, timeElement } from './elements.js';
import { explainCause, proofs } from './judgement.js';
import { describeLoss, formatDuration, nameShard } from './wording.js';

const phases = {
  detectionMs: 'detection',
  decisionMs: 'decision',
  connectionMs: 'connection',
  acknowledgementMs: 'first write',
};

/** What is shown, by failover, so that what somebody has unfolded stays so. */
const shown = new Map();

/** The failovers, newest first. */
export function renderFailovers(failovers, groups = []) {
  const longest = Math.max(1, ...failovers.map(totalOf));
  const items = failovers.map((failover) => itemFor(failover, { longest, groups }));
  const list = byId('failovers');
  if (items.some((item, index) => list.children[index] !== item) || list.children.length !== items.length) {
    list.replaceChildren(...items);
  }
  byId('no-failovers').hidden = items.length > 0;
  byId('legend').hidden = items.length === 0;
  setText(byId('failovers-count'), items.length === 0 ? 'none' : `${items.length}, newest first`);
}

function itemFor(failover, { longest, groups }) {
  const key = `${failover.shard ?? ''} ${failover.generation}`;
  const group = groups.find(({ shard }) => shard !== undefined && shard.id === failover.shard);
  const where = group === undefined ? '' : `, ${nameShard(group.shard)}`;
  const version = JSON.stringify([failover, longest, where]);
  const known = shown.get(key);
  if (known?.version === version) return known.item;
  const item = create(
    'li',
    {},
    create(
      'details',
      { open: known?.item.firstElementChild.open ?? false },
      create(
        'summary',
        {},
        timeElement(failover.at),
        create('span', { className: 'endpoint' }, `${failover.from} → ${failover.to}`),
        create('span', {}, `${describeTotal(failover)}${where}`),
        bar(failover, longest),
      ),
      create('dl', {}, ...detailsOf(failover).map(detail)),
    ),
  );
  shown.set(key, { version, item });
  return item;
}

function totalOf({ phases: measured }) {
  return Object.keys(phases).reduce((sum, name) => sum + (measured[name] ?? 0), 0);
}

function describeTotal(failover) {
  const total = formatDuration(totalOf(failover));
  if (failover.kind === 'open') return `${total} until now, no write yet`;
  return failover.endedBy === 'first write' ? total : `${total}, then the next failover`;
}

/** The phases to the scale of the longest failover. */
function bar(failover, longest) {
  const words = Object.entries(phases).flatMap(([name, word]) =>
    failover.phases[name] === undefined ? [] : [`${word} ${formatDuration(failover.phases[name])}`],
  );
  const parts = Object.keys(phases).map((name) => {
    const part = create('span', { data: { phase: name } });
    part.style.width = `${((failover.phases[name] ?? 0) / longest) * 100}%`;
    return part;
  });
  return create(
    'span',
    { className: 'bar', role: 'img', ariaLabel: words.join(', '), title: words.join(', ') },
    ...parts,
  );
}

function detailsOf({ cause, proof, generation, promotedWithinMs, phases: measured, commands, dataLoss }) {
  return [
    ['Cause', `${cause}: ${explainCause(cause)}`],
    ['Why this node', `${proof}: ${proofs[proof] ?? ''}`],
    ['Generation', String(generation)],
    ...Object.entries(phases).map(([name, word]) => [
      word,
      measured[name] === undefined ? 'not yet' : formatDuration(measured[name]),
    ]),
    ...(promotedWithinMs === undefined
      ? []
      : [['Promoted', `at most ${formatDuration(promotedWithinMs)} before it was accepted`]]),
    [
      'Commands',
      `${commands.held} held, ${commands.sentAgain} sent again, ${commands.unknown} of unknown outcome, ${commands.notApplied} not applied`,
    ],
    ['Data loss', dataLoss === undefined ? 'none is proven' : describeLoss(dataLoss)],
  ];
}

function detail([term, value]) {
  return create('div', {}, create('dt', {}, term), create('dd', {}, value));
}
