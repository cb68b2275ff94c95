import { MeterProvider } from '@opentelemetry/sdk-metrics';
import type { Attributes, Observable } from '@opentelemetry/api';
import { expect, test } from 'vitest';
import { Continued } from '../../lib/metrics/continued.js';

const meter = new MeterProvider().getMeter('test');
const [nodes, lag] = [meter.createObservableGauge('nodes'), meter.createObservableGauge('lag')];

/** What is told of the nodes with these faults, and then exported. */
function collect(continued: Continued, told: readonly (readonly [Observable, number, Attributes])[]) {
  const exported: [string, number, unknown][] = [];
  continued.collect(
    {
      observe: (instrument, value, attributes) => {
        exported.push([instrument === nodes ? 'nodes' : 'lag', value, attributes?.['node']]);
      },
    },
    (observe) => told.forEach(([instrument, value, attributes]) => observe(instrument, value, attributes)),
  );
  return exported;
}

test('what is told is exported as it is', () => {
  expect(collect(new Continued(), [[nodes, 3, { node: 'a' }]])).toEqual([['nodes', 3, 'a']]);
});

test('what is told no longer is exported as 0 from then on', () => {
  const continued = new Continued();
  collect(continued, [
    [nodes, 1, { node: 'a' }],
    [nodes, 2, { node: 'b' }],
  ]);
  for (let round = 0; round < 2; round += 1) {
    expect(collect(continued, [[nodes, 2, { node: 'b' }]])).toEqual([
      ['nodes', 2, 'b'],
      ['nodes', 0, 'a'],
    ]);
  }
});

test('what is told again is exported as it is again', () => {
  const continued = new Continued();
  collect(continued, [[nodes, 1, { node: 'a' }]]);
  collect(continued, []);
  expect(collect(continued, [[nodes, 5, { node: 'a' }]])).toEqual([['nodes', 5, 'a']]);
});

test('instruments are kept apart, also with the same attributes', () => {
  const continued = new Continued();
  collect(continued, [[nodes, 1, { node: 'a' }]]);
  expect(collect(continued, [[lag, 7, { node: 'a' }]])).toEqual([
    ['lag', 7, 'a'],
    ['nodes', 0, 'a'],
  ]);
});

test('no more than 2,000 series of one instrument are remembered, and later ones are exported all the same', () => {
  const continued = new Continued();
  const many = Array.from({ length: 2500 }, (_none, index) => [nodes, 1, { node: index }] as const);
  expect(collect(continued, many)).toHaveLength(2500);
  expect(collect(continued, [])).toHaveLength(2000);
});
