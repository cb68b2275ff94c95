import { counters } from './keys.js';
import type { History, Succession } from './history.js';
import { ledgerOf, violation } from './evidence.js';

/** The rules of a succession: a planned one loses nothing, and nothing is sent to the old master afterwards. */
export function checkSuccessions(history: History): readonly string[] {
  return history.successions.flatMap((succession) => {
    const { fault, from, to, lostBytes, lateWrites } = succession;
    const where = `${fault}, ${from} → ${to}`;
    return [
      ...(isLossy(succession) && !succession.mayLose ? [`${where}: a planned change lost writes`] : []),
      ...(isLossy(succession) && lostBytes !== undefined && lostBytes <= 0
        ? [`${where}: writes were lost, yet by offsets the heir lacked nothing (${lostBytes} bytes)`]
        : []),
      ...(lateWrites > 0 ? [`${where}: ${lateWrites} changes on ${from} after both apps had left it`] : []),
      ...violation(
        `${where}: issued when the app knew ${to}, executed on ${from}`,
        findStale(succession, history),
      ),
    ];
  });
}

/** Whether the old master executed anything that its heir never received. */
export function isLossy({ fork, tail }: Succession): boolean {
  return (
    tail.log.length + tail.left.length + tail.right.length > 0 ||
    counters.some((counter) => tail.counters[counter] > fork.counters[counter])
  );
}

/**
 * This needs no time limit: once the app's own topology names the heir, no command that is issued may be executed on the
 * old master.
 */
function findStale({ promotedAt, to, tail }: Succession, history: History): readonly string[] {
  const ledger = ledgerOf(history);
  const knownAt = (app: string) =>
    history.views.find((view) => view.app === app && view.at >= promotedAt && view.master === to)?.at ??
    Infinity;
  const known = new Map([...new Set(history.views.map(({ app }) => app))].map((app) => [app, knownAt(app)]));
  return [...tail.log, ...tail.left, ...tail.queue].flatMap((id) => {
    const operation = ledger.get(id);
    return operation !== undefined && operation.issuedAt > (known.get(operation.app) ?? Infinity) ? [id] : [];
  });
}

/** A generation never shrinks and has one master. */
export function checkViews({ views }: History): readonly string[] {
  const apps = [...new Set(views.map(({ app }) => app))];
  return apps.flatMap((app) => {
    const own = views.filter((view) => view.app === app);
    const shrunk = own.filter((view, index) => view.generation < (own[index - 1]?.generation ?? 0));
    const masters = new Map<number, string>();
    const doubled = own.filter(({ generation, master }) => {
      const before = masters.get(generation) ?? master;
      if (before !== undefined) masters.set(generation, before);
      return master !== undefined && before !== master;
    });
    const show = ({ generation, master }: (typeof own)[number]) => `${generation} ${master ?? 'nobody'}`;
    return [
      ...violation(`${app}: a generation that is lower than the one before`, shrunk.map(show)),
      ...violation(`${app}: two masters in one generation`, doubled.map(show)),
    ];
  });
}
