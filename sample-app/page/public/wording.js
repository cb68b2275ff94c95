// Turns a topology into the plain text that the page shows.

const linkWords = {
  up: 'up',
  down: 'down, serves old data',
  syncing: 'syncing, no data yet',
};

const roleWords = {
  master: ['●', 'master'],
  replica: ['○', 'replica'],
  stale: ['✕', 'superseded, gets no writes'],
  contender: ['?', 'claims to be master'],
  unusable: ['–', 'not known'],
  pending: ['…', 'not probed yet'],
};

/** One sentence on the state of the group. */
export function summarize({ kind, master, generation, claimants = [] }) {
  switch (kind) {
    case 'steady':
      return `Master is ${master}, generation ${generation}, steady.`;
    case 'masterless':
      return `No master, writes are held, generation ${generation}.`;
    case 'contested': {
      const fate = master === undefined ? 'writes are held' : `writes stay with ${master}`;
      const claims =
        claimants.length === 1
          ? `Unproven master: ${claimants[0]} claims to be master`
          : `Split brain: ${claimants.join(' and ')} claim to be master`;
      return `${claims}, ${fate}, generation ${generation}.`;
    }
    default:
      return 'Waiting for the first probe of the group.';
  }
}

/** One sentence on the state of a cluster. */
export function summarizeCluster({ shards, unassignedSlots }) {
  if (shards.length === 0) return 'Waiting for a node to tell the slots of the cluster.';
  const steady = shards.filter(({ topology }) => topology.kind === 'steady').length;
  const served =
    steady === shards.length
      ? `All ${shards.length} shards have a master.`
      : `${steady} of ${shards.length} shards have a master, writes to the others are held.`;
  return unassignedSlots === 0 ? served : `${served} ${unassignedSlots} slots belong to no shard.`;
}

/** Such as `Shard 0-5460`. */
export function nameShard({ slots, migratingSlots }) {
  const ranges = slots.map(({ first, last }) => (first === last ? `${first}` : `${first}-${last}`));
  const shown = ranges.length > 3 ? [...ranges.slice(0, 3), '…'] : ranges;
  const moving = migratingSlots.length === 0 ? '' : `, ${migratingSlots.length} slots are being moved`;
  return `Shard ${shown.join(', ')}${moving}`;
}

/** A mark and a word for the role of a node. */
export function describeRole({ kind }) {
  const [mark, word] = roleWords[kind] ?? ['?', kind];
  return { mark, word };
}

export function describeLink({ link, following }) {
  if (link === undefined) return '–';
  const words = linkWords[link] ?? link;
  return following === false ? `${words} (follows another master)` : words;
}

export function describeLag({ lagBytes }) {
  return lagBytes === undefined ? '–' : formatBytes(lagBytes);
}

export function describeReach({ kind, reachable, fault, message }) {
  if (reachable) return 'yes';
  return kind === 'pending' ? 'not known yet' : `no: ${fault}, ${message}`;
}

export function describeLoss({ endpoint, bytes, keys, at }) {
  const size = formatBytes(bytes);
  const words =
    keys !== undefined
      ? `${endpoint} is master without any key, and there were ${keys} before`
      : `at least ${size} of acknowledged writes never reached ${endpoint}`;
  return `Data loss at ${formatTime(at)}: ${words}.`;
}

/** The time of day, with the date unless that is today. */
export function formatTime(at) {
  const time = new Date(at);
  const isToday = time.toDateString() === new Date().toDateString();
  return isToday ? time.toLocaleTimeString() : time.toLocaleString();
}

export function formatBytes(bytes) {
  if (bytes < 1024) return `${bytes} B`;
  const [value, unit] = bytes < 1024 ** 2 ? [bytes / 1024, 'KiB'] : [bytes / 1024 ** 2, 'MiB'];
  return `${value.toFixed(1)} ${unit}`;
}

export function formatDuration(ms) {
  return ms < 10_000 ? `${ms} ms` : `${(ms / 1000).toFixed(1)} s`;
}
