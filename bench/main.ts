import { benchIdle } from './idle.js';
import { benchRecovery } from './recovery.js';
import { benchThroughput } from './throughput.js';
import { startRedisServer } from '../test/support/redis-server.js';
import { readInfo } from '../test/support/info.js';

const rounds = Number(process.argv[2] ?? 20);

const server = await startRedisServer();
console.log(`Redis ${(await readInfo(server, 'server')).get('redis_version')}, Node ${process.version}`);
await server.stop();
await benchThroughput(rounds);
await benchRecovery(rounds);
await benchIdle();
