import { expect, test } from 'vitest';
import { chooseTopology } from '../../sample-app/demo/topologies/choose-topology.js';

test.each(['static', 'sentinel'])('the demo knows the topology %s', (name) => {
  expect(chooseTopology(name)).toBeTypeOf('function');
});

test('the demo names the topologies that it knows if it is given another', () => {
  expect(() => chooseTopology('ring')).toThrow('--topology is "ring"; allowed are static, sentinel');
});
