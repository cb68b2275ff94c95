const disposals = new Set<() => void>();

process.once('exit', disposeAll);
// The runner ends its workers by SIGTERM; none of these signals fires `exit` by itself.
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
  process.once(signal, () => {
    disposeAll();
    process.kill(process.pid, signal);
  });
}
// The runner is gone, so nothing else will end this worker.
process.once('disconnect', disposeAll);

/**
 * Runs `dispose` if this process ends before it has called the returned function, because a test that fails half-way
 * must leave no server process and no folder behind.
 */
export function onExit(dispose: () => void): () => void {
  disposals.add(dispose);
  return () => disposals.delete(dispose);
}

function disposeAll(): void {
  for (const dispose of disposals) dispose();
  disposals.clear();
}
