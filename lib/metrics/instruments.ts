import type { Meter } from '@opentelemetry/api';

export type Instruments = ReturnType<typeof createInstruments>;

/** In seconds: a planned failover takes milliseconds, and a command is held for ten seconds at most by default. */
const explicitBucketBoundaries = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];
const seconds = { unit: 's', advice: { explicitBucketBoundaries } };

/** All instruments. `docs/observability.md` describes them one by one. */
export function createInstruments(meter: Meter) {
  return { pushed: createPushed(meter), ...createObserved(meter) };
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

function createObserved(meter: Meter) {
  const counters = {
    masterlessTime: meter.createObservableCounter('redis.replication.masterless.time', {
      unit: 's',
      description: 'Time without a master.',
    }),
    losses: meter.createObservableCounter('redis.replication.data_losses', {
      unit: '{loss}',
      description: 'Proven losses of acknowledged writes.',
    }),
    commands: meter.createObservableCounter('redis.replication.commands', {
      unit: '{command}',
      description: 'Commands that were held, sent again, not applied, refused, or of unknown outcome.',
    }),
    timeouts: meter.createObservableCounter('db.client.connection.timeouts', {
      unit: '{timeout}',
      description: 'Commands that could not be held for longer.',
    }),
    probes: meter.createObservableCounter('redis.replication.probes', {
      unit: '{probe}',
      description: 'Probes of nodes that have ended.',
    }),
    sweeps: meter.createObservableCounter('redis.replication.sweeps', {
      unit: '{sweep}',
      description: 'Times when all nodes were probed as often as possible.',
    }),
    failedConnects: meter.createObservableCounter('redis.replication.connects.failed', {
      unit: '{attempt}',
      description: 'Attempts to connect to a node that failed.',
    }),
  };
  return { counters, gauges: createGauges(meter) };
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
