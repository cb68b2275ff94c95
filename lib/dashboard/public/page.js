import { byId, setClock, tickTimes } from './elements.js';
import { renderFailovers } from './failovers.js';
import { renderGroups } from './group.js';
import { follow } from './live-updates.js';
import { renderNodes } from './nodes.js';
import { renderConnection, renderOverview } from './overview.js';
import { renderPlots } from './plots.js';

const mostSamples = 300;

/** What the app has told, and what of it is shown: the same, unless somebody has paused it. */
let latest = { failovers: [], samples: [] };
let shown = latest;
let connection = 'connecting';

const base = new URL('..', import.meta.url);
follow(new URL(`stream${location.search}`, base), {
  onUpdate(kind, { at, instance, instances, pod, ...update }, startsAnew) {
    setClock(at);
    latest = { ...latest, at, identity: { instance, instances, pod }, ...add(kind, update, startsAnew) };
    show();
  },
  onConnection(state) {
    connection = state;
    show();
  },
});

byId('pause').addEventListener('click', () => {
  byId('pause').setAttribute('aria-pressed', String(!isPaused()));
  document.body.classList.toggle('paused', isPaused());
  show();
});
addEventListener('toggle', show, { capture: true });
setInterval(tickTimes, 1000);
unfoldWhereThereIsRoom();

function add(kind, update, startsAnew) {
  if (kind !== 'samples') return update;
  const before = startsAnew ? [] : latest.samples;
  return { samples: [...before, ...update.samples].slice(-mostSamples) };
}

function show() {
  if (!isPaused()) shown = latest;
  const { identity, state, failovers, samples } = shown;
  renderConnection(connection);
  // That the app is gone is told even while the page is paused.
  renderOverview({ connection, isPaused: isPaused(), identity, state, samples });
  if (state !== undefined) {
    renderGroups(state.groups);
    renderNodes(state.groups);
    renderFailovers(failovers, state.groups);
  }
  if (byId('plots').closest('details').open) renderPlots(samples, shown.at ?? Date.now());
  tickTimes();
}

function isPaused() {
  return byId('pause').getAttribute('aria-pressed') === 'true';
}

/** On a phone, the overview and the picture are the page, and the rest is folded. */
function unfoldWhereThereIsRoom() {
  if (!matchMedia('(min-width: 48rem)').matches) return;
  document.querySelectorAll('details.fold').forEach((details) => {
    details.open = true;
  });
}
