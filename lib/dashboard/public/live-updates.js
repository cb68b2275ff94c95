/** The app tells its state each second; after a few of them, the stream counts as dead. */
const silenceMs = 5000;
const retryMs = 1000;

const kinds = ['state', 'failovers', 'samples'];

/** Calls `onUpdate` with each update, and `onConnection` with `live` or `lost`; reconnects automatically. */
export function follow(url, { onUpdate, onConnection }) {
  const source = new EventSource(url);
  let watchdog;

  const restart = () => {
    clearTimeout(watchdog);
    source.close();
    setTimeout(() => follow(url, { onUpdate, onConnection }), retryMs);
  };
  const alive = () => {
    clearTimeout(watchdog);
    watchdog = setTimeout(() => {
      onConnection('lost');
      restart();
    }, silenceMs);
    onConnection('live');
  };

  let isFirst = true;
  for (const kind of kinds) {
    source.addEventListener(kind, ({ data }) => {
      alive();
      const update = JSON.parse(data);
      // The first samples of a stream are all that the app has kept.
      const startsAnew = kind === 'samples' && isFirst;
      if (startsAnew) isFirst = false;
      onUpdate(kind, update, startsAnew);
    });
  }
  source.addEventListener('error', () => {
    onConnection('lost');
    // The browser retries after a broken connection, but not after a response that is not a stream.
    isFirst = true;
    if (source.readyState === EventSource.CLOSED) restart();
  });
}
