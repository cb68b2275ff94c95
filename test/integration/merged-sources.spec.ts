import { fromUrl, mergeSources, staticNodes, type NodeSource } from 'nestjs-redis-replication';
import { concat, NEVER, of, throwError } from 'rxjs';
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { parseEndpoint } from '../../lib/topology/endpoint.js';
import { rolesOf } from '../support/group-roles.js';
import { sourceOf } from '../support/source-of.js';
import { openReplication } from '../support/open-replication.js';
import { plannedSwap, promote } from '../../lib/testing/servers/replication.js';
import { restoreGroup } from '../../lib/testing/servers/restore-group.js';
import { startGroup, type ServerGroup } from '../../lib/testing/servers/server-group.js';

let group: ServerGroup;

beforeAll(async () => {
  group = await startGroup();
});

beforeEach(() => restoreGroup(group));

afterAll(() => group.stop());

describe('mergeSources', () => {
  test('follows a failover to a node that one source lists, while another source is down', async () => {
    const { master, heir } = rolesOf(group);
    const broken: NodeSource = () => throwError(() => new Error('no inventory'));
    const source = mergeSources(broken, staticNodes([master.endpoint]), staticNodes([heir.endpoint]));
    const { writer, whenMaster, notes } = await openReplication(source);
    expect(await writer.set('key', 'first')).toBe('OK');
    await master.kill();
    await promote(heir);
    await whenMaster(heir);
    expect(await writer.set('key', 'second')).toBe('OK');
    const named = notes.filter((note) => note.includes('mergeSources'));
    expect(named).toEqual(['source 1 of mergeSources failed: no inventory']);
  });

  test('shows a server once that two sources list by two names', async () => {
    const { master, heir } = rolesOf(group);
    const byName: NodeSource = () =>
      concat(of([{ ...parseEndpoint(`localhost:${heir.port}`), zone: 'zone-b' }]), NEVER);
    const { replication } = await openReplication(
      mergeSources(staticNodes([master.endpoint, heir.endpoint]), byName),
    );
    expect(replication.latest.nodes.map(({ endpoint, aliases, zone }) => [endpoint, aliases, zone])).toEqual(
      [
        [master.endpoint, undefined, undefined],
        [heir.endpoint, [`localhost:${heir.port}`], 'zone-b'],
      ].toSorted(([a], [b]) => (String(a) < String(b) ? -1 : 1)),
    );
  });
});

describe('fromUrl', () => {
  test('gives the nodes, the credentials and the database of a group behind a password', async () => {
    const own = await startGroup({ password: 'p@ss/word' });
    onTestFinished(() => own.stop());
    const { heir } = rolesOf(own);
    const options = fromUrl(`redis://:p%40ss%2Fword@${own.endpoints.join(',')}/3`);
    const { writer, reader, whenMaster } = await openReplication(sourceOf(options), options);
    expect(await writer.set('key', 'first')).toBe('OK');
    await plannedSwap(own.nodes, heir);
    await whenMaster(heir);
    expect(await writer.set('key', 'second')).toBe('OK');
    expect([writer.options.db, reader.options.db]).toEqual([3, 3]);
  });

  test('of a single node is enough to write to it', async () => {
    const { master } = rolesOf(group);
    const options = fromUrl(`redis://localhost:${master.port}`);
    const { writer } = await openReplication(sourceOf(options), options);
    expect(await writer.set('key', 'value')).toBe('OK');
    expect(await master.command('GET', 'key')).toBe('value');
  });
});
