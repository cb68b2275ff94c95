import { channel, subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { RedisReplicationDiagnostics } from 'nestjs-redis-replication';
import { Subject } from 'rxjs';
import { expect, onTestFinished, test, vi } from 'vitest';
import type { ConnectionEvent } from '../../lib/connections/outcomes/connection-event.js';
import { publishDiagnostics } from '../../lib/diagnostics/publish-diagnostics.js';
import type { FailoverRecord } from '../../lib/history/failover-record.js';
import type { Topology } from '../../lib/topology/topology.js';
import { initialResolution } from '../../lib/topology/resolve-topology.js';
import { namesIn, readPage, sectionOf } from '../docs/pages.js';

/** The compiler asks for every channel, and for every kind of event, and for no other. */
const channels = {
  'nestjs-redis-replication:topology': true,
  'nestjs-redis-replication:failover': true,
  'nestjs-redis-replication:connection': true,
} satisfies Readonly<Record<keyof RedisReplicationDiagnostics, true>>;

const kinds = {
  held: true,
  sent: true,
  'sent again': true,
  'not applied': true,
  unknown: true,
  refused: true,
  shut: true,
  open: true,
  failed: true,
  acknowledged: true,
} satisfies Readonly<Record<ConnectionEvent['kind'], true>>;

const held: ConnectionEvent = { connection: 'writer', kind: 'held', at: 5 };

function publishing() {
  const topology$ = new Subject<Topology>();
  const failovers$ = new Subject<FailoverRecord>();
  const events$ = new Subject<ConnectionEvent>();
  const running = publishDiagnostics({
    options: { name: 'cache' },
    topology$,
    failovers: { failovers$ },
    ledger: { events$ },
  });
  onTestFinished(() => running.unsubscribe());
  return { topology$, failovers$, events$, running };
}

/** What is published on a channel from now on. */
function listen(name: keyof RedisReplicationDiagnostics): readonly unknown[] {
  const messages: unknown[] = [];
  const listener = (message: unknown) => messages.push(message);
  subscribe(name, listener);
  onTestFinished(() => void unsubscribe(name, listener));
  return messages;
}

test('a message has the name of its instance and the value that was emitted', () => {
  const [topologies, events] = [
    listen('nestjs-redis-replication:topology'),
    listen('nestjs-redis-replication:connection'),
  ];
  const { topology$, events$ } = publishing();
  const { topology } = initialResolution(0);
  topology$.next(topology);
  events$.next(held);
  expect(topologies).toEqual([{ instance: 'cache', topology }]);
  expect(events).toEqual([{ instance: 'cache', event: held }]);
});

test('nothing is published on a channel to which nobody has subscribed, until somebody does', () => {
  const events = channel('nestjs-redis-replication:connection');
  const publish = vi.spyOn(events, 'publish');
  onTestFinished(() => publish.mockRestore());
  const { events$ } = publishing();
  events$.next(held);
  expect(publish).not.toHaveBeenCalled();
  publish.mockRestore();
  const messages = listen('nestjs-redis-replication:connection');
  events$.next(held);
  expect(messages).toHaveLength(1);
});

test('nothing is published any more after the end', () => {
  const messages = listen('nestjs-redis-replication:connection');
  const { events$, running } = publishing();
  running.unsubscribe();
  events$.next(held);
  expect(messages).toEqual([]);
});

test('the page names every channel and every kind of event', () => {
  const section = sectionOf(readPage('docs/observability.md'), 'Diagnostics channels');
  expect(namesIn(section)).toEqual(Object.keys(channels));
  const [, listed = ''] = /`kind` says what happened: ([^;]+);/.exec(section) ?? [];
  expect([...listed.matchAll(/`([^`]+)`/g)].map(([, kind]) => kind)).toEqual(Object.keys(kinds));
});
