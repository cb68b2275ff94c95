import { followTopology } from './live-updates.js';
import { render, renderConnection } from './render.js';

const pause = document.getElementById('pause');
let latest;

followTopology('topology/stream', {
  onTopology(topology) {
    latest = topology;
    if (!isPaused()) render(topology);
  },
  onConnection: renderConnection,
});

pause.addEventListener('click', () => {
  const paused = !isPaused();
  pause.setAttribute('aria-pressed', String(paused));
  document.body.classList.toggle('paused', paused);
  if (!paused && latest !== undefined) render(latest);
});

function isPaused() {
  return pause.getAttribute('aria-pressed') === 'true';
}
