import { durationMs, findFaults, oneOf, throwFaults } from '../../options/rules.js';
import type { LinkPorts } from '../network/link.js';
import { readInfo } from '../servers/info.js';
import type { RedisServer } from '../servers/redis-server.js';
import { gateOf, type Stage } from './stage.js';

/** @publicApi */
export interface PartitionOptions {
  /**
   * `everyone` (default): the node is cut off from the other nodes and the Sentinels, too. `app`: from all but the
   * connections that they have to it now.
   */
  readonly from?: 'everyone' | 'app';
  /**
   * `silent` (default): nothing arrives, and nothing is closed; what is sent meanwhile arrives when this ends, as over TCP.
   * `refused`: connections are closed, and new ones refused.
   */
  readonly how?: 'silent' | 'refused';
}

const partitionRules = { from: oneOf(['everyone', 'app']), how: oneOf(['silent', 'refused']) };

/** Ends a fault. */
export type EndFault = () => Promise<void>;

/** Cuts a node off. Returns how to end it. */
export async function partition(
  stage: Stage,
  node: RedisServer,
  options: PartitionOptions = {},
): Promise<EndFault> {
  throwFaults(findFaults(partitionRules, options), 'partition: ');
  const { from = 'everyone', how = 'silent' } = options;
  const gate = gateOf(stage, node);
  const spared = from === 'app' ? await portsOfPeers(node) : [];
  const concerns = ({ serverPort }: LinkPorts) => !spared.includes(serverPort);
  const link = from === 'everyone' ? await linkToMaster(stage, node) : undefined;
  const ends = [
    gate.impair({ concerns, isHeld: true }),
    link?.gate.impair({ concerns: link.concerns, isHeld: true }),
  ];
  if (how === 'refused') {
    gate.refuse();
    gate.cut(concerns);
  }
  if (from === 'everyone') {
    stage.isolated.add(node);
  }
  return async () => {
    stage.isolated.delete(node);
    ends.forEach((end) => end?.());
    if (node.state !== 'ended') {
      await gate.accept();
    }
  };
}

/** What the replica gets from its master arrives this much later, as long as that connection lasts. Returns how to end it. */
export async function lag(stage: Stage, replica: RedisServer, delayMs: number): Promise<EndFault> {
  throwFaults(findFaults({ delayMs: durationMs(0) }, { delayMs }, { required: ['delayMs'] }), 'lag: ');
  const link = await linkToMaster(stage, replica);
  if (link === undefined) {
    throw new TypeError(`lag: ${replica.endpoint} is no replica that is connected to its master`);
  }
  const end = link.gate.impair({ concerns: link.concerns, delayMs });
  return async () => end();
}

/** The connection of a replica to its master, found by its local port in the proxy of the master. */
async function linkToMaster(stage: Stage, node: RedisServer) {
  gateOf(stage, node);
  if (node.state !== 'running') {
    return undefined;
  }
  const upstream = (await readInfo(node, 'replication')).get('master_port');
  const master = stage.servers.nodes.find(({ port }) => String(port) === upstream);
  const [own] = await listClients(node, 'TYPE', 'master');
  const port = portIn(own?.get('laddr'));
  return master === undefined || port === undefined
    ? undefined
    : {
        gate: gateOf(stage, master),
        concerns: ({ clientPort }: LinkPorts) => clientPort === port,
      };
}

/** The ports, as the node sees them, of the replicas and Sentinels that are connected to it. */
async function portsOfPeers(node: RedisServer): Promise<readonly (number | undefined)[]> {
  const clients = await listClients(node);
  return clients.filter(isPeer).map((client) => portIn(client.get('addr')));
}

function isPeer(client: ReadonlyMap<string, string>): boolean {
  return client.get('flags')?.includes('S') === true || client.get('name')?.startsWith('sentinel-') === true;
}

async function listClients(
  node: RedisServer,
  ...which: readonly string[]
): Promise<readonly ReadonlyMap<string, string>[]> {
  const text = String(await node.command('CLIENT', 'LIST', ...which));
  const lines = text.split('\n').filter((line) => line !== '');
  return lines.map((line) => new Map(line.split(' ').map(readField)));
}

function readField(field: string): readonly [string, string] {
  const [name = '', ...value] = field.split('=');
  return [name, value.join('=')];
}

function portIn(address: string | undefined): number | undefined {
  const port = Number(address?.split(':').at(-1));
  return Number.isInteger(port) ? port : undefined;
}
