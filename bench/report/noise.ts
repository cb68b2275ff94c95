/** Errors that nobody caught, with how often each was seen. */
export type Noise = ReadonlyMap<string, number>;

/** From now on, an uncaught error of a client under test is counted and does not end the process. */
export function collectNoise(): Noise {
  const seen = new Map<string, number>();
  const note = (error: unknown) => {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    seen.set(text, (seen.get(text) ?? 0) + 1);
  };
  process.on('uncaughtException', note);
  process.on('unhandledRejection', note);
  return seen;
}

export function printNoise(noise: Noise): void {
  for (const [text, times] of noise) console.log(`\nnobody caught, ${times} ×: ${text}`);
}
