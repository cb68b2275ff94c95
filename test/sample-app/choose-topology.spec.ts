import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import { chooseTopology } from '../../sample-app/demo/topologies/choose-topology.js';

// Each is played by `.ci/run`, as `npm run demo -- --once --topology <name>`.
test.each(['static', 'discover', 'names', 'sentinel', 'cluster'])(
  'the demo knows the topology %s',
  (name) => {
    expect(chooseTopology(name)).toBeTypeOf('function');
  },
);

test.each([
  [['--topology', 'ring'], '--topology is "ring"; allowed are static, discover, names, sentinel, cluster\n'],
  [['--ring'], "Unknown option '--ring'\n"],
])('the demo refuses %j in one line', async (args, line) => {
  const child = spawn(process.execPath, ['--import', 'tsx', 'sample-app/demo/main.ts', ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  expect({ stdout, stderr, code: child.exitCode }).toEqual({ stdout: '', stderr: line, code: 1 });
});
