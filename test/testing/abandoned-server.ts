// Starts a server and says where it is, for a test that kills this process.
//   node --import tsx test/testing/abandoned-server.ts
import { startRedisServer } from '../../lib/testing/servers/redis-server.js';

const server = await startRedisServer();
const folder = await server.command('CONFIG', 'GET', 'dir');
process.send?.({ pid: server.pid, folder: Array.isArray(folder) ? String(folder[1]) : '' });
