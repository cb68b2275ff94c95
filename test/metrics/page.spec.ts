import type { Meter, MetricOptions } from '@opentelemetry/api';
import { MeterProvider } from '@opentelemetry/sdk-metrics';
import { expect, test } from 'vitest';
import { createInstruments } from '../../lib/metrics/instruments.js';
import * as names from '../../lib/metrics/names.js';
import { namesIn, readPage, sectionOf } from '../docs/pages.js';

const section = sectionOf(readPage('docs/observability.md'), 'Metrics');

/** The names of all instruments, as the code makes them. */
function instrumentNames(): readonly string[] {
  const meter = new MeterProvider().getMeter('test');
  const made: string[] = [];
  const note = (name: string) => void made.push(name);
  const recording: Meter = {
    createGauge: (name: string, options?: MetricOptions) => (note(name), meter.createGauge(name, options)),
    createHistogram: (name: string, options?: MetricOptions) => (
      note(name),
      meter.createHistogram(name, options)
    ),
    createCounter: (name: string, options?: MetricOptions) => (
      note(name),
      meter.createCounter(name, options)
    ),
    createUpDownCounter: (name: string, options?: MetricOptions) => (
      note(name),
      meter.createUpDownCounter(name, options)
    ),
    createObservableGauge: (name: string, options?: MetricOptions) => (
      note(name),
      meter.createObservableGauge(name, options)
    ),
    createObservableCounter: (name: string, options?: MetricOptions) => (
      note(name),
      meter.createObservableCounter(name, options)
    ),
    createObservableUpDownCounter: (name: string, options?: MetricOptions) => (
      note(name),
      meter.createObservableUpDownCounter(name, options)
    ),
    addBatchObservableCallback: () => {},
    removeBatchObservableCallback: () => {},
  };
  createInstruments(recording);
  return made;
}

test('the page describes every metric that the code makes, and no other', () => {
  expect(namesIn(section).toSorted()).toEqual(instrumentNames().toSorted());
});

test('the page names every attribute that the code sets, and no other', () => {
  const { SCOPE: _scope, SYSTEM, label: _label, ...keys } = names;
  const set = [...Object.keys(SYSTEM), ...Object.values(keys)];
  const metrics = namesIn(section);
  const named = [...section.matchAll(/`([a-z]+(?:\.[a-z_]+)+)`/g)]
    .map(([, name = '']) => name)
    .filter((name) => !metrics.includes(name));
  expect([...new Set(named)].toSorted()).toEqual([...new Set(set)].toSorted());
});
