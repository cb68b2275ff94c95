import { parseArgs } from 'node:util';
import { play } from './play/play.js';
import { runRounds } from './run-rounds.js';
import { chooseTopology } from './topologies/choose-topology.js';

const { once, playing, start } = readArguments();
if (playing) {
  await play();
} else {
  await runRounds({ once, start });
}

/** A wrong argument ends the demo in one line. */
function readArguments() {
  try {
    const { values } = parseArgs({
      options: {
        once: { type: 'boolean', default: false },
        play: { type: 'boolean', default: false },
        topology: { type: 'string', default: 'static' },
      },
    });
    if (values.play && values.topology !== 'static') {
      throw new Error('--play is for the topology static');
    }
    return { once: values.once, playing: values.play, start: chooseTopology(values.topology) };
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exit(1);
  }
}
