import { byId, create, setText, timeElement, update } from './elements.js';
import { explainCause } from './judgement.js';
import { describeHealth, describeHeld, describeLoss, summarize } from './wording.js';

const tones = ['good', 'unknown', 'warning', 'bad'];
const marks = { good: '●', unknown: '○', warning: '◌', bad: '▲' };
const kindTones = { steady: 'good', partial: 'warning', masterless: 'warning', contested: 'bad' };
const healthTones = { up: 'good', degraded: 'warning', down: 'bad' };
const iconBase = new URL('.', import.meta.url);

/** The one line that tells whether all is well, and the facts behind it. */
export function renderOverview({ connection, isPaused, identity, state, samples }) {
  if (identity !== undefined) renderIdentity(identity);
  if (state === undefined) {
    tell(connection === 'lost' ? 'bad' : 'unknown', waiting(connection), { isPaused, identity });
    return;
  }
  const health = samples.at(-1);
  const sentence = summarize(state);
  if (connection === 'lost') {
    tell('bad', `No connection to the app. Last known: ${sentence}`, { isPaused, identity });
  } else {
    tell(toneOf(state, health), sentence, { isPaused, identity });
  }
  update(
    byId('facts'),
    factsOf(state, health).map(([term, value, explanation]) =>
      create(
        'div',
        { title: explanation ?? '' },
        create('dt', {}, term),
        create('dd', {}, value),
        ...(explanation === undefined ? [] : [create('dd', { className: 'explanation' }, explanation)]),
      ),
    ),
  );
  renderLosses(state.groups);
}

/** Whether the page is still told what happens. */
export function renderConnection(connection) {
  const words = { connecting: 'Connecting…', live: 'Live', lost: 'Connection to the app lost, trying again' };
  byId('connection').dataset.state = connection;
  setText(byId('connection'), words[connection]);
  document.body.classList.toggle('outdated', connection === 'lost');
}

function waiting(connection) {
  return connection === 'lost' ? 'No connection to the app.' : 'Waiting for the app.';
}

function tell(tone, sentence, { isPaused, identity }) {
  byId('overview').dataset.tone = tone;
  setText(byId('summary'), sentence);
  const words = { good: 'fine', unknown: 'waiting', warning: 'degraded', bad: 'not well' };
  const name = identity === undefined ? 'Redis' : `Redis ${identity.instance} · ${identity.pod}`;
  const title = `${marks[tone]} ${words[tone]}${isPaused ? ' (paused)' : ''} · ${name}`;
  if (document.title !== title) document.title = title;
  const icon = new URL(`icon-${tone}.svg`, iconBase).href;
  if (byId('icon').href !== icon) byId('icon').href = icon;
}

/** As bad as the worst of what is known. */
function toneOf({ state }, health) {
  const known = [
    kindTones[state] ?? 'unknown',
    ...(health === undefined
      ? []
      : [healthTones[health.writable.status], healthTones[health.readable.status]]),
  ];
  return known.toSorted((a, b) => tones.indexOf(b) - tones.indexOf(a))[0];
}

function factsOf(state, health) {
  const [group] = state.groups;
  return [
    ...(health === undefined
      ? []
      : [
          ['Writes', describeHealth(health.writable)],
          ['Reads', describeHealth(health.readable)],
        ]),
    ['Held commands', describeHeld(state.held)],
    ...(state.kind === 'group'
      ? [
          ['Reader uses', group.reader ?? 'no node'],
          ['Since', timeElement(group.topology.changedAt)],
          ['Cause', group.topology.cause, explainCause(group.topology.cause)],
        ]
      : [
          ['Shards', String(state.groups.length)],
          ['Slots without a shard', String(state.unassignedSlots)],
        ]),
  ];
}

function renderIdentity({ instance, instances, pod }) {
  setText(byId('title'), `Redis ${instance}`);
  setText(byId('identity'), `as ${pod} sees it`);
  byId('instances').hidden = instances.length < 2;
  update(
    byId('instances'),
    instances.map((name) =>
      create(
        'a',
        { href: `?instance=${encodeURIComponent(name)}`, ariaCurrent: name === instance ? 'page' : null },
        name,
      ),
    ),
  );
}

function renderLosses(groups) {
  const losses = groups.flatMap(({ topology }) => topology.lastDataLoss ?? []);
  byId('data-loss').hidden = losses.length === 0;
  update(
    byId('data-loss'),
    losses.map((loss) => create('span', {}, `Data loss: ${describeLoss(loss)}. `, timeElement(loss.at))),
  );
}
