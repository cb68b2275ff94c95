import { seededRandom } from '../topology/seeded-random.js';
import type { Server } from './server.js';
import type { Settings } from './settings.js';
import type { World } from './world.js';

/** Lines of `INFO` that an account for replication writes by the address that it announces. */
const texts = [
  'x\r\nrole:slave\r\ny',
  `x\r\nmaster_replid:${'a'.repeat(40)}\r\nmaster_replid2:${'b'.repeat(40)}\r\ny`,
  'x\r\nloading:1\r\nrun_id:another\r\nredis_mode:cluster\r\ny',
] as const;

/**
 * In some schedules somebody connects to the first master as a replica, and writes into its `INFO` until the server restarts
 * or changes its role. A master that was promoted is left alone: nothing could prove it to be the heir then. Drawn apart
 * from everything else.
 */
export function letRogueIn({ seed }: Settings, { clock, history, servers }: World): void {
  const random = seededRandom(seed + 6);
  const text = random.oneOf(texts);
  if (random.chance(0.25)) {
    clock.after(random.below(2500), () => {
      const first = servers.find(isFirst);
      if (first !== undefined) {
        history.add({ kind: 'fault', text: `somebody writes into the INFO of ${first.name}` });
        first.rogue = text;
        if (random.chance(0.5)) {
          clock.after(random.below(1000), () => beginAnew(first, history));
        }
      }
    });
  }
}

/** In some of them the master also begins a new history, of which only its replicas can tell then. */
function beginAnew(server: Server, history: World['history']): void {
  if (server.rogue !== undefined && server.role === 'master' && server.process === 'running') {
    history.add({
      kind: 'fault',
      text: `${server.name} begins a new history while somebody writes into its INFO`,
    });
    server.hasHiddenHistory = true;
    server.log.restart();
    server.replica.dropFollowers();
  }
}

function isFirst({ role, process, log }: Pick<Server, 'role' | 'process' | 'log'>): boolean {
  return role === 'master' && process === 'running' && log.previousId === undefined;
}
