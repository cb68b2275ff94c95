import type { Delivery, End, Fault, History, Operation, Succession, View } from './history.js';

type Issue = Omit<Operation, 'id' | 'issuedAt' | 'endedAt' | 'end'>;

/** Writes the history down while it happens. */
export interface Recorder {
  /** Notes that a command is about to be issued; its id is what it is to write. */
  begin(issue: Issue): string;
  end(id: string, end: End): void;
  issuedAt(id: string): number | undefined;
  succession(succession: Succession): void;
  view(view: View): void;
  delivery(delivery: Delivery): void;
  fault(fault: Fault): void;
  incident(text: string): void;
  history(): History;
}

export function createRecorder(): Recorder {
  const operations = new Map<string, Operation>();
  const successions: Succession[] = [];
  const views: View[] = [];
  const deliveries: Delivery[] = [];
  const faults: Fault[] = [];
  const incidents: string[] = [];
  return {
    begin(issue) {
      const id = `${issue.app}${operations.size}`;
      operations.set(id, { ...issue, id, issuedAt: performance.now() });
      return id;
    },
    end(id, end) {
      const operation = operations.get(id);
      if (operation === undefined) return;
      if (operation.end !== undefined)
        incidents.push(`${id} ended twice: ${JSON.stringify([operation.end, end])}`);
      operations.set(id, { ...operation, end, endedAt: performance.now() });
    },
    issuedAt: (id) => operations.get(id)?.issuedAt,
    succession: (succession) => void successions.push(succession),
    view: (view) => void views.push(view),
    delivery: (delivery) => void deliveries.push(delivery),
    fault: (fault) => void faults.push(fault),
    incident: (text) => void incidents.push(text),
    history: () => ({
      operations: [...operations.values()],
      successions,
      views,
      deliveries,
      faults,
      incidents,
    }),
  };
}
