/** The app sends a heartbeat every 15 s; after two missed heartbeats the stream counts as dead. */
const silenceMs = 35_000;
const retryMs = 2000;

/** Calls `onTopology` with each topology, and `onConnection` with `live` or `lost`; reconnects automatically. */
export function followTopology(url, { onTopology, onConnection }) {
  const source = new EventSource(url);
  let watchdog;

  const restart = () => {
    clearTimeout(watchdog);
    source.close();
    setTimeout(() => followTopology(url, { onTopology, onConnection }), retryMs);
  };
  const alive = () => {
    clearTimeout(watchdog);
    watchdog = setTimeout(() => {
      onConnection('lost');
      restart();
    }, silenceMs);
    onConnection('live');
  };

  source.addEventListener('open', alive);
  source.addEventListener('heartbeat', alive);
  source.addEventListener('message', ({ data }) => {
    alive();
    onTopology(JSON.parse(data));
  });
  source.addEventListener('error', () => {
    onConnection('lost');
    // The browser retries after a broken connection, but not after a response that is not a stream.
    if (source.readyState === EventSource.CLOSED) restart();
  });
}
