import { connect } from 'node:net';
import { once } from 'node:events';
import { onTestFinished } from 'vitest';
import { failSaving } from '../support/health-states.js';
import { readInfo } from '../../lib/testing/servers/info.js';
import { save } from '../support/save.js';
import { configure, type Fault } from './fault.js';

/** Settings of servers, and what they run out of. */
export const settingFaults: readonly Fault[] = [
  {
    name: 'a small backlog',
    arrange: ({ master }) => configure(master, 'repl-backlog-size', 16_384),
    finds: 'backlog-small',
    what: /16384 bytes/,
    remedy: /`CONFIG SET repl-backlog-size \d+`/,
  },
  {
    name: 'a server that closes idle connections',
    arrange: ({ first }) => configure(first, 'timeout', 30),
    finds: 'idle-timeout',
    remedy: /`CONFIG SET timeout 0`/,
  },
  {
    name: 'a replication timeout that one late ping exceeds',
    arrange: ({ master }) => configure(master, 'repl-timeout', 10),
    finds: 'repl-timeout-short',
    remedy: /`CONFIG SET repl-timeout 60`/,
  },
  {
    name: 'few clients left',
    async arrange({ master }) {
      for (let count = 0; count < 60; count++) {
        const socket = connect(master.port, master.host);
        await once(socket, 'connect');
        onTestFinished(() => void socket.destroy());
      }
      await configure(master, 'maxclients', 74);
    },
    finds: 'clients-near-limit',
    what: /of at most 74/,
    remedy: /`CONFIG SET maxclients 10000`/,
  },
  {
    name: 'no client left',
    arrange: ({ second }) => configure(second, 'maxclients', 1),
    finds: 'node-full',
    remedy: /`CONFIG SET maxclients 10000`/,
  },
  {
    name: 'memory that is nearly full',
    async arrange({ master }) {
      const used = Number((await readInfo(master, 'memory')).get('used_memory'));
      await configure(master, 'maxmemory', Math.round(used * 1.15));
    },
    finds: 'memory-near-limit',
    remedy: /`CONFIG SET maxmemory \d+`/,
  },
  {
    name: 'memory that is full',
    arrange: ({ master }) => configure(master, 'maxmemory', 1),
    finds: 'writes-oom',
    severity: 'error',
    remedy: /`CONFIG SET maxmemory <bytes>`/,
  },
  {
    name: 'fewer replicas than the master wants for a write',
    arrange: ({ master }) => configure(master, 'min-replicas-to-write', 3),
    finds: 'writes-noreplicas',
    severity: 'error',
    remedy: /`CONFIG SET min-replicas-to-write 0`/,
  },
  {
    name: 'no replica to spare',
    arrange: ({ master }) => configure(master, 'min-replicas-to-write', 2),
    finds: 'min-replicas-tight',
    remedy: /`CONFIG SET min-replicas-to-write 1`/,
  },
  {
    name: 'a master that may go on alone',
    arrange: () => undefined,
    finds: 'min-replicas-off',
    severity: 'note',
    remedy: /`CONFIG SET min-replicas-to-write 1`/,
  },
  {
    name: 'a master that keeps nothing on disk',
    arrange: ({ master }) => configure(master, 'save', ''),
    finds: 'not-persistent',
    remedy: /`CONFIG SET appendonly yes`/,
  },
  {
    name: 'a snapshot that failed',
    async arrange({ master }) {
      const [, folder = ''] = [await master.command('CONFIG', 'GET', 'dir')].flat().map(String);
      await configure(master, 'save', '3600 1');
      await failSaving(master);
      onTestFinished(async () => {
        await master.command('CONFIG', 'SET', 'dir', folder);
        await save(master);
      });
    },
    finds: 'writes-misconf',
    severity: 'error',
    remedy: /`BGSAVE`/,
  },
  {
    name: 'a replica that cannot save',
    async arrange({ first }) {
      const [, folder = ''] = [await first.command('CONFIG', 'GET', 'dir')].flat().map(String);
      await failSaving(first);
      onTestFinished(async () => {
        await first.command('CONFIG', 'SET', 'dir', folder);
        await first.command('CONFIG', 'SET', 'save', '');
        await save(first);
      });
    },
    finds: 'saving-fails',
    what: /rdb_last_bgsave_status/,
    remedy: /`BGSAVE`/,
  },
  {
    name: 'a master that lets writes wait',
    async arrange({ master }) {
      await master.command('CLIENT', 'PAUSE', '60000', 'WRITE');
      onTestFinished(async () => void (await master.command('CLIENT', 'UNPAUSE')));
    },
    finds: 'writes-silent',
    severity: 'error',
    remedy: /`CLIENT UNPAUSE`/,
  },
  {
    name: 'a replica that lets all clients wait',
    async arrange({ first }) {
      await first.command('CLIENT', 'PAUSE', '1500', 'ALL');
      // It answers nobody, so it ends by itself.
      onTestFinished(async () => void (await first.command('PING')));
    },
    finds: 'node-paused',
    remedy: /`CLIENT UNPAUSE`/,
  },
  {
    name: 'a replica that takes writes',
    arrange: ({ first }) => configure(first, 'replica-read-only', 'no'),
    finds: 'replica-writable',
    remedy: /`CONFIG SET replica-read-only yes`/,
  },
  {
    name: 'a server that anybody may use',
    arrange: ({ first }) => configure(first, 'protected-mode', 'no'),
    finds: 'open-to-anyone',
    remedy: /`ACL SETUSER default >password`/,
  },
  {
    name: 'a probe key that is in use',
    async arrange({ master }) {
      await master.command('HSET', 'nestjs-redis-replication:probe', 'field', 'value');
      onTestFinished(async () => void (await master.command('DEL', 'nestjs-redis-replication:probe')));
    },
    finds: 'probe-key-taken',
    remedy: /`DEL nestjs-redis-replication:probe`/,
  },
];
