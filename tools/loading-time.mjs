// How long the main entry point takes to load where Nest, ioredis and RxJS are loaded already; the median of 15 processes.
// It needs dist/: run npm run build first. On a busy machine, the CPU time says more than the wall time.
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

const rounds = 15;
const root = join(import.meta.dirname, '..');
const code = `
for (const name of ['@nestjs/common', '@nestjs/core', 'ioredis', 'rxjs']) require(name);
const [startedAt, before] = [performance.now(), process.cpuUsage()];
require('./dist/index.js');
const wallMs = performance.now() - startedAt;
const { user, system } = process.cpuUsage(before);
console.log(JSON.stringify({ wallMs, userMs: user / 1000, systemMs: system / 1000 }));`;

const results = Array.from({ length: rounds }, () =>
  JSON.parse(execFileSync(process.execPath, ['-e', code], { cwd: root, encoding: 'utf8' })),
);
for (const key of ['wallMs', 'userMs', 'systemMs']) {
  const sorted = results.map((result) => result[key]).toSorted((a, b) => a - b);
  console.log(`${key}: median ${sorted[Math.floor(rounds / 2)].toFixed(1)}, lowest ${sorted[0].toFixed(1)}`);
}
