import type { FailoverRecord } from 'nestjs-redis-replication';
import { describe, expect, test } from 'vitest';
import type {
  CommandEvent,
  ConnectionEvent,
  ConnectionIdentity,
  LineEvent,
} from '../../lib/connections/outcomes/connection-event.js';
import { foldHistory, initialHistory, type HistoryEvent } from '../../lib/history/fold-history.js';
import { initialResolution, resolveTopology } from '../../lib/topology/resolve-topology.js';
import { A, B, C, faulty, master, observe, replica, type ProbeRound } from '../topology/reports.js';

const HOUR = 3_600_000;

/** One event of a connection, of the writer unless it is named. */
function event(
  at: number,
  what: CommandEvent | LineEvent,
  connection: ConnectionIdentity['connection'] = 'writer',
): ConnectionEvent {
  return { connection, at, ...what };
}

const isRound = (step: ProbeRound | ConnectionEvent): step is ProbeRound => 'results' in step;

/** What the history says after these rounds of probes and events, and what it has told. */
function fold(...steps: readonly (ProbeRound | ConnectionEvent)[]) {
  let resolution = initialResolution(0);
  let state = initialHistory({ instance: 'default' });
  const told: FailoverRecord[] = [];
  for (const step of steps) {
    if (isRound(step)) {
      resolution = resolveTopology(resolution, observe(step), {
        intended: new Set(),
        derived: new Set(),
        acceptAfterMs: 30_000,
        epochMs: HOUR,
      });
    }
    const happened: HistoryEvent = isRound(step)
      ? { kind: 'topology', topology: resolution.topology, at: step.at }
      : step;
    state = foldHistory(state, happened);
    told.push(...state.news);
  }
  return { told, latest: state.latest?.record };
}

const steady: ProbeRound = {
  at: 1000,
  results: { [A]: master({ on: 'R1', offset: 900 }), [B]: replica({ on: 'R1', offset: 900 }) },
};
const gone: ProbeRound = {
  at: 2010,
  signal: { kind: 'connection closed', endpoint: A, at: 2000 },
  results: {
    [A]: faulty('REFUSED', 'connect ECONNREFUSED 10.0.0.1:6379'),
    [B]: replica({ on: 'R1', link: 'down' }),
  },
};
const promoted: ProbeRound = {
  at: 2045,
  results: { ...gone.results, [B]: master({ on: 'R2/R1@901', offset: 900 }) },
};
const opened = event(2047.25, { kind: 'open', node: B });
const written = event(2049, { kind: 'acknowledged', node: B, tookMs: 1.5 });

describe('a failover', () => {
  test('is told when its master is accepted, and again when a write is acknowledged, with the time of each phase', () => {
    const { told } = fold(steady, gone, promoted, opened, written);
    expect(told).toEqual([
      {
        kind: 'open',
        instance: 'default',
        generation: 2,
        from: A,
        to: B,
        cause: 'connection closed',
        signal: 'connection closed',
        proof: 'history',
        at: HOUR + 2045,
        promotedWithinMs: 35,
        phases: { detectionMs: 10, decisionMs: 35 },
        commands: { held: 0, sentAgain: 0, unknown: 0, notApplied: 0 },
        nodes: [
          expect.objectContaining({ endpoint: A, fault: 'REFUSED' }),
          expect.objectContaining({ endpoint: B, kind: 'master', offset: 900 }),
        ],
      },
      {
        ...told[0],
        kind: 'complete',
        endedBy: 'first write',
        totalMs: 48.8,
        phases: { detectionMs: 10, decisionMs: 35, connectionMs: 2.3, acknowledgementMs: 1.5 },
      },
    ]);
  });

  test('has no phase without a master where the new one is found together with the loss of the old one', () => {
    const { told } = fold(steady, { ...promoted, signal: { kind: 'poll', at: 2040 } });
    expect(told[0]).toMatchObject({ cause: 'polling', phases: { detectionMs: 5, decisionMs: 0 } });
  });

  test('stays open while the app writes nothing, and the time without a write is no part of any phase', () => {
    expect(fold(steady, gone, promoted, opened).latest).toMatchObject({ kind: 'open' });
    const late = event(2045 + HOUR, { kind: 'acknowledged', node: B, tookMs: 0.5 });
    expect(fold(steady, gone, promoted, opened, late).latest).toMatchObject({
      kind: 'complete',
      totalMs: 47.8,
    });
  });

  test('ends where the next one is accepted before a write was acknowledged', () => {
    const lost: ProbeRound = {
      at: 3000,
      signal: { kind: 'reply timed out', endpoint: B, at: 2700 },
      results: { [A]: replica({ on: 'R2', link: 'down' }), [B]: faulty('TIMEOUT', 'no reply') },
    };
    const back: ProbeRound = { at: 3100, results: { ...lost.results, [A]: master({ on: 'R3/R2@950' }) } };
    const { told } = fold(steady, gone, promoted, opened, lost, back);
    expect(told.map(({ generation, kind }) => [generation, kind])).toEqual([
      [2, 'open'],
      [2, 'complete'],
      [3, 'open'],
    ]);
    expect(told[1]).toMatchObject({ endedBy: 'next failover', to: B });
    expect(told[1]).not.toHaveProperty('totalMs');
    expect(told[2]).toMatchObject({ from: B, to: A, cause: 'hung' });
  });

  test('is connected by the writer or a duplicate to the new master, whichever comes first, and not by a reader', () => {
    const connectionOf = (...events: readonly ConnectionEvent[]) =>
      fold(steady, gone, promoted, ...events).latest?.phases.connectionMs;
    expect(connectionOf(event(2046, { kind: 'open', node: C }, 'duplicate'), opened)).toBe(2.3);
    expect(connectionOf(event(2046, { kind: 'open', node: B }, 'duplicate'), opened)).toBe(1);
    expect(connectionOf(event(2046, { kind: 'open', node: A }, 'reader'))).toBeUndefined();
  });

  test('is not what the first master is, nor one that comes back', () => {
    const back: ProbeRound = { at: 2400, results: steady.results };
    expect(fold(steady, gone, back).told).toEqual([]);
  });
});

describe('the commands of a failover', () => {
  const held: CommandEvent = { kind: 'held' };
  const lost: CommandEvent = { kind: 'unknown', reason: 'reply lost' };
  const rejected: CommandEvent = { kind: 'not applied', reason: 'full' };
  const again: CommandEvent = { kind: 'sent again', reason: 'reply lost', heldMs: 40 };

  test('are those from the loss of the first reply, before the sign, to the first write', () => {
    const { told, latest } = fold(
      steady,
      event(1999, { kind: 'shut' }),
      event(1999, lost),
      event(1999.5, held),
      gone,
      event(2020, held, 'duplicate'),
      event(2021, rejected),
      promoted,
      event(2046, held, 'reader'),
      event(2047, again),
      event(2047, { kind: 'sent', heldMs: 30 }),
      opened,
      written,
      event(2050, lost),
    );
    expect(told.map(({ commands }) => commands)).toEqual([
      { held: 2, sentAgain: 0, unknown: 1, notApplied: 1 },
      { held: 3, sentAgain: 1, unknown: 1, notApplied: 1 },
    ]);
    expect(latest?.commands).toEqual({ held: 3, sentAgain: 1, unknown: 1, notApplied: 1 });
  });

  test('are not those of an interruption long before', () => {
    const { latest } = fold(steady, event(1100, held), event(1100, lost), event(2101, held), {
      ...promoted,
      at: 2200,
    });
    expect(latest?.commands).toEqual({ held: 1, sentAgain: 0, unknown: 0, notApplied: 0 });
  });

  test('are all since the master was lost, however long nothing happens in between', () => {
    const { latest } = fold(steady, gone, event(2020, held), event(62_000, held), {
      ...promoted,
      at: 62_010,
    });
    expect(latest?.commands.held).toBe(2);
  });

  test('include those of a moment without the new master, if that comes back', () => {
    const away: ProbeRound = {
      at: 2060,
      results: { ...promoted.results, [B]: faulty('TIMEOUT', 'no reply') },
    };
    const { latest } = fold(steady, gone, promoted, away, event(2070, held), { ...promoted, at: 2080 });
    expect(latest).toMatchObject({ kind: 'open', to: B, commands: { held: 1 } });
  });
});

describe('a loss of data', () => {
  const behind: ProbeRound = {
    ...promoted,
    results: { ...gone.results, [B]: master({ on: 'R2/R1@801', offset: 800 }) },
  };

  test('is part of the failover that caused it', () => {
    const { told } = fold(steady, gone, behind);
    expect(told).toHaveLength(1);
    expect(told[0]?.dataLoss).toEqual({ kind: 'not replicated', endpoint: B, bytes: 100, at: HOUR + 2045 });
  });

  test('that is proven when the old master is seen again is told with a record that was complete', () => {
    const seenAgain: ProbeRound = {
      at: 9000,
      results: { [A]: master({ on: 'R1', offset: 1000 }), [B]: master({ on: 'R2/R1@901', offset: 2000 }) },
    };
    const { told } = fold(steady, gone, promoted, opened, written, seenAgain, { ...seenAgain, at: 9500 });
    expect(told).toHaveLength(3);
    expect(told[2]).toMatchObject({ kind: 'complete', generation: 2, dataLoss: { bytes: 100 } });
  });

  test('of a master that restarts belongs to no failover', () => {
    const empty: ProbeRound = {
      at: 9000,
      results: { ...gone.results, [B]: master({ on: 'R9', offset: 0, keys: 0, run: 'restarted' }) },
    };
    const before: ProbeRound = {
      at: 8000,
      results: { ...gone.results, [B]: master({ on: 'R2/R1@901', offset: 950, keys: 7 }) },
    };
    const { told, latest } = fold(steady, gone, promoted, opened, written, before, empty);
    expect(told).toHaveLength(2);
    expect(latest).not.toHaveProperty('dataLoss');
  });
});
