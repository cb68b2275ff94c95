import type { Meter } from '@opentelemetry/api';

export type Instruments = ReturnType<typeof createInstruments>;

/** In seconds: a planned failover takes milliseconds, and a command is held for ten seconds at most by default. */
const explicitBucketBoundaries = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];
const seconds = { unit: 's', advice: { explicitBucketBoundaries } };

/** All instruments. `docs/observability.md` describes them one by one. */
export function createInstruments(meter: Meter) {
  return { pushed: createPushed(meter), counters: createCounters(meter), gauges: createGauges(meter) };
}

function createPushed(meter: Meter) {
  return {
    failovers: meter.createCounter('redis.replication.failovers', {
      unit: '{failover}',
      description: 'Accepted changes of the master.',
    }),
    failoverTime: meter.createHistogram('redis.replication.failover.duration', {
      ...seconds,
      description: 'Time of the phases of a failover, and of all together.',
    }),
    waitTime: meter.createHistogram('db.client.connection.wait_time', {
      ...seconds,
      description: 'How long commands were held.',
    }),
  };
}

function createCounters(meter: Meter) {
  const counter = (name: string, unit: string, description: string) =>
    meter.createObservableCounter(name, { unit, description });
  return {
    masterlessTime: counter('redis.replication.masterless.time', 's', 'Time without a master.'),
    losses: counter('redis.replication.data_losses', '{loss}', 'Proven losses of acknowledged writes.'),
    commands: counter(
      'redis.replication.commands',
      '{command}',
      'Commands that were held, sent again, not applied, refused, or of unknown outcome.',
    ),
    timeouts: counter(
      'db.client.connection.timeouts',
      '{timeout}',
      'Commands that could not be held for longer.',
    ),
    probes: counter('redis.replication.probes', '{probe}', 'Probes of nodes that have ended.'),
    sweeps: counter(
      'redis.replication.sweeps',
      '{sweep}',
      'Times when all nodes were probed as often as possible.',
    ),
    failedConnects: counter(
      'redis.replication.connects.failed',
      '{attempt}',
      'Attempts to connect to a node that failed.',
    ),
  };
}

function createGauges(meter: Meter) {
  const gauge = (name: string, unit: string, description: string) =>
    meter.createObservableGauge(`redis.replication.${name}`, { unit, description });
  const upDown = (name: string, unit: string, description: string) =>
    meter.createObservableUpDownCounter(name, { unit, description });
  return {
    state: upDown('redis.replication.topology.state', '', '1 for the kind of topology at present, else 0.'),
    generation: gauge('topology.generation', '{generation}', 'Grows by one at each change of master.'),
    unproven: gauge('unproven', '', '1 while nothing proves the accepted master.'),
    nodes: upDown('redis.replication.nodes', '{node}', 'Known nodes.'),
    lagBytes: gauge('lag.size', 'By', 'Bytes that a replica is behind its master.'),
    lagTime: gauge('lag.time', 's', 'For at least how long a replica has lacked what its master has.'),
    fleet: gauge('fleet.size', '{app}', 'Apps that watch a node, this one included.'),
    connections: upDown('db.client.connection.count', '{connection}', 'Connections that can be written to.'),
    pending: upDown('db.client.connection.pending_requests', '{request}', 'Commands that are held now.'),
    heldBytes: upDown('redis.replication.held.size', 'By', 'Bytes of the commands that are held now.'),
    heldShare: gauge('held.utilization', '', 'Share of the limits of hold that is used, from 0 to 1.'),
    credentialsAge: gauge('credentials.age', 's', 'Since when the credentials in use were given.'),
  };
}
