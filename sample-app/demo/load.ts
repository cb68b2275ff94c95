/** The outcome of one `PUT`. */
export interface Write {
  readonly note: string;
  readonly sentAt: number;
  readonly answeredAt: number;
  readonly succeeded: boolean;
  /** How often the app issued it to Redis. */
  readonly attempts: number;
  /** If the `PUT` failed: the status and the response. */
  readonly failure?: string;
}

export interface Load {
  /** Calls `onWrite` with each write as it is answered, until the returned function is called. */
  watch(onWrite: (write: Write) => void): () => void;
  /** Sends no more; resolves when all are answered. */
  stop(): Promise<void>;
}

const gapMs = 10;
/** While Redis has no master every `PUT` waits; no more than this many are sent at once. */
const openMax = 16;
const notes = 24;

/** Writes a note every 10 ms, whether or not the last one was answered. */
export function startLoad(appUrl: string): Load {
  const watchers = new Set<(write: Write) => void>();
  const open = new Set<Promise<void>>();
  let count = 0;
  const send = async () => {
    const write = await put(appUrl, { note: `demo-${count % notes}`, text: `text ${count}` });
    watchers.forEach((onWrite) => onWrite(write));
  };
  const timer = setInterval(() => {
    if (open.size >= openMax) return;
    count += 1;
    const sent = send().finally(() => open.delete(sent));
    open.add(sent);
  }, gapMs);
  return {
    watch(onWrite) {
      watchers.add(onWrite);
      return () => watchers.delete(onWrite);
    },
    async stop() {
      clearInterval(timer);
      await Promise.all(open);
    },
  };
}

async function put(
  appUrl: string,
  { note, text }: { readonly note: string; readonly text: string },
): Promise<Write> {
  const sentAt = performance.now();
  try {
    const response = await fetch(`${appUrl}/notes/${note}`, {
      method: 'PUT',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ text }),
    });
    const answer = await response.text();
    return {
      note,
      sentAt,
      answeredAt: performance.now(),
      succeeded: response.ok,
      attempts: Number(response.headers.get('x-write-attempts') ?? 1),
      ...(!response.ok && { failure: `${response.status} ${answer}` }),
    };
  } catch (error) {
    const failure = error instanceof Error ? `${error.message}: ${String(error.cause)}` : String(error);
    return { note, sentAt, answeredAt: performance.now(), succeeded: false, attempts: 1, failure };
  }
}
