#!/usr/bin/env node
// First, so that it speaks before a peer that is too old makes anything else fail.
import '../peers/require-main-peers.js';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fromEvent, merge } from 'rxjs';
import { run } from './run.js';

/** As `sysexits.h` has it. */
const BUG = 70;

void run(process.argv.slice(2), {
  environment: process.env,
  version: versionIn(join(__dirname, '../../package.json')),
  out: (text) => void process.stdout.write(`${text}\n`),
  err: (text) => void process.stderr.write(`${text}\n`),
  interrupted$: merge(fromEvent(process, 'SIGINT'), fromEvent(process, 'SIGTERM')),
}).then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    console.error(error);
    process.exitCode = BUG;
  },
);

function versionIn(file: string): string {
  const manifest: unknown = JSON.parse(readFileSync(file, 'utf8'));
  return typeof manifest === 'object' && manifest !== null && 'version' in manifest
    ? String(manifest.version)
    : 'unknown';
}
