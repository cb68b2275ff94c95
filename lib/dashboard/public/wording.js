// Turns values into the plain text that the page shows.

/** One sentence on the state of an instance. */
export function summarize({ kind, groups, unassignedSlots }) {
  if (kind === 'group') return summarizeGroup(groups[0].topology);
  if (groups.length === 0) return 'Waiting for a node to tell the slots of the cluster.';
  const steady = groups.filter(({ topology }) => topology.kind === 'steady').length;
  const served =
    steady === groups.length
      ? `All ${groups.length} shards have a master.`
      : `${steady} of ${groups.length} shards have a master, writes to the others are held.`;
  return unassignedSlots === 0 ? served : `${served} ${unassignedSlots} slots belong to no shard.`;
}

/** One sentence on the state of a group or a shard. */
export function summarizeGroup({ kind, master, generation, claimants = [] }) {
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

/** Such as `Shard 0-5460`. */
export function nameShard({ slots, migratingSlots }) {
  const ranges = slots.map(({ first, last }) => (first === last ? `${first}` : `${first}-${last}`));
  const shown = ranges.length > 3 ? [...ranges.slice(0, 3), '…'] : ranges;
  const moving = migratingSlots.length === 0 ? '' : `, ${migratingSlots.length} slots are being moved`;
  return `Shard ${shown.join(', ')}${moving}`;
}

export function describeHeld({ commands, bytes, oldestMs }) {
  if (commands === 0) return 'none';
  const oldest = oldestMs === undefined ? '' : `, the oldest for ${formatDuration(oldestMs)}`;
  return `${commands} (${formatBytes(bytes)})${oldest}`;
}

export function describeHealth({ status, latencyMs, reason, message }) {
  const took = latencyMs === null ? '' : `, ${formatDuration(latencyMs)}`;
  const why = [reason, message].filter((each) => each !== undefined).join(': ');
  return `${status}${took}${why === '' ? '' : ` – ${why}`}`;
}

export function describeLoss({ kind, endpoint, bytes, keys }) {
  switch (kind) {
    case 'restarted empty':
      return `${endpoint} came back as master without any key, and had ${keys} before`;
    case 'replaced by empty':
      return `${endpoint} became master without any key, and the master before it had ${keys}`;
    case 'restarted behind':
      return `${endpoint} came back as master without its last writes, at least ${formatBytes(bytes)} of them`;
    default:
      return `at least ${formatBytes(bytes)} of acknowledged writes never reached ${endpoint}`;
  }
}

export function formatBytes(bytes) {
  if (bytes < 1024) return `${bytes} B`;
  const [value, unit] = bytes < 1024 ** 2 ? [bytes / 1024, 'KiB'] : [bytes / 1024 ** 2, 'MiB'];
  return `${value.toFixed(1)} ${unit}`;
}

export function formatDuration(ms) {
  if (ms >= 10_000) return `${(ms / 1000).toFixed(1)} s`;
  return ms < 10 ? `${Math.round(ms * 10) / 10} ms` : `${Math.round(ms)} ms`;
}
