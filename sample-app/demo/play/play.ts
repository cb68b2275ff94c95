import { startRedisGroup } from '../../../lib/testing/group/redis-group.js';
import { startApp } from '../app-process.js';
import { startLoad } from '../load.js';
import { pickWarning } from '../report.js';
import { actionsFor } from './actions.js';
import { startControls } from './controls.js';

/** Servers, the app under load, and a page with buttons that do harm to the servers; Ctrl-C ends it. */
export async function play(): Promise<void> {
  const group = await startRedisGroup({ replicas: 2 });
  const app = await startApp({ REDIS_NODES: group.endpoints.join(',') }, (line) => {
    const warning = pickWarning(line);
    if (warning !== undefined) console.log(`    ${warning}`);
  });
  const controls = await startControls({ actions: actionsFor(group), pageUrl: `${app.url}/` });
  console.log(`Redis     ${group.endpoints.join(', ')}`);
  console.log(`Page      ${app.url}/`);
  console.log(`Buttons   ${controls.url}/`);
  startLoad(app.url);
}
