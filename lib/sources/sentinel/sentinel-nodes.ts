import type { ConnectionOptions } from 'node:tls';
import {
  BehaviorSubject,
  concatMap,
  defer,
  distinctUntilChanged,
  filter,
  finalize,
  ignoreElements,
  map,
  merge,
  pairwise,
  scan,
  share,
  startWith,
  tap,
  throttleTime,
  type Observable,
} from 'rxjs';
import { credentialsRule, type CredentialsProvider } from '../../credentials/credentials.js';
import {
  aFunction,
  allowSecret,
  findFaults,
  isPlainObject,
  text,
  throwFaults,
  allow,
} from '../../options/rules.js';
import type { TlsProvider } from '../../sockets/changing-tls.js';
import { formatEndpoint, type Endpoint } from '../../topology/endpoint.js';
import { endpointFaults } from '../endpoint-faults.js';
import { forEachNode } from '../for-each-node.js';
import type { NodeSource, SourceContext, SourceNode } from '../node-source.js';
import { readEndpoints } from '../read-endpoints.js';
import { accessFor } from './access.js';
import { followSentinel, type Following } from './follow-sentinel.js';
import { firstKnowledge, learn, whyNoNodes, type Change, type Knowledge } from './knowledge.js';
import { tellChange } from './sentinel-notices.js';

/** @publicApi */
export interface SentinelNodesOptions {
  /** The name under which the Sentinels monitor the master, as in `sentinel monitor <name> …`. */
  readonly name: string;
  /** Sentinels, `host:port`, at least one; further ones are learned from these. Name each one once. */
  readonly sentinels: readonly string[];
  /** The user to log in to the Sentinels as. Those of the nodes are in the option `redis`. Default: that named `default`. */
  readonly username?: string | undefined;
  /** The password of the Sentinels. Default: none. */
  readonly password?: string | undefined;
  /**
   * Credentials of the Sentinels that change while the app runs, in place of `username` and `password`, as the option
   * `credentials` of the module. Default: none.
   */
  readonly credentials?: CredentialsProvider | undefined;
  /**
   * Use TLS for the Sentinels, with these options of Node.js; `{}` for none. A function gives those that change, as the
   * option `tls` of the module. Default: only for those named `rediss://…`.
   */
  readonly tls?: ConnectionOptions | TlsProvider | undefined;
  /**
   * Translates an address that a Sentinel lists, of a node or of another Sentinel, into one that this app can reach (NAT,
   * containers). `undefined` leaves the address out. Default: addresses are used as listed.
   */
  readonly mapEndpoint?: (named: Endpoint) => Endpoint | undefined;
}

/**
 * The nodes that Sentinels list. Learns further Sentinels, forgets those that are gone, and follows their events. What
 * Sentinels say only causes probes, since a node tells its role earlier than they do; the master that more than half of
 * them name settles what the nodes leave open (M19 in `docs/who-is-master.md`). While no Sentinel answers, the last list
 * stays in use.
 *
 * The source fails while no Sentinel has ever been usable; the error names what was found at each address.
 *
 * @throws TypeError if the list of Sentinels is empty, an entry is malformed or listed twice, or an option is wrong.
 * @publicApi
 */
export function sentinelNodes(options: SentinelNodesOptions): NodeSource {
  const faults = [...findFaults(rules, options, { required: ['name'] }), ...findTwoLogins(options)];
  throwFaults(faults, 'sentinelNodes: ');
  const { name, sentinels, mapEndpoint = (named: Endpoint) => named } = options;
  const named = readEndpoints('sentinelNodes', sentinels, 'Sentinel');
  const following = {
    name,
    locate: (listed: Endpoint) => translate(listed, mapEndpoint),
    random: () => Math.random(),
  };
  const accessOf = accessFor(options);
  return (context) =>
    defer(() => {
      const access = accessOf(context);
      access.open();
      return run(named, { ...following, access, context }).pipe(finalize(access.close));
    });
}

function findTwoLogins(options: SentinelNodesOptions): readonly string[] {
  const given = (['username', 'password'] as const).filter((key) => options[key] !== undefined);
  return options.credentials === undefined
    ? []
    : given.map((key) => `option "${key}" is set, and so is "credentials"; allowed is one of them`);
}

const rules = {
  name: text,
  sentinels: () => [],
  username: text,
  password: allowSecret('a string', (value) => typeof value === 'string'),
  credentials: credentialsRule,
  tls: allow(
    'an object with TLS options of Node.js, or a function that gives such',
    (value) => isPlainObject(value) || typeof value === 'function',
  ),
  mapEndpoint: aFunction,
};

/** A failover has about ten events on each Sentinel. */
const PROBE_GAP_MS = 100;

interface Running extends Following {
  readonly context: SourceContext;
}

function run(named: readonly Endpoint[], running: Running): Observable<readonly SourceNode[]> {
  const { context } = running;
  const first = firstKnowledge(named);
  const sentinels$ = new BehaviorSubject(endpointsOf(first));
  const news$ = sentinels$.pipe(
    forEachNode((endpoint) => followSentinel(endpoint, running).pipe(map((news) => ({ endpoint, news })))),
    share(),
  );
  const probes$ = news$.pipe(
    filter(({ news }) => news.kind === 'event'),
    throttleTime(PROBE_GAP_MS, context.scheduler, { leading: true, trailing: true }),
    tap(() => context.probe?.()),
    ignoreElements(),
  );
  const words$ = news$.pipe(
    concatMap(({ endpoint, news }): readonly Change[] =>
      news.kind === 'event' ? [] : [{ kind: 'word', endpoint, word: news }],
    ),
  );
  const observed$ = context.observations$.pipe(
    map((observation): Change => ({ kind: 'observed', observation })),
  );
  const knowledge$ = merge(observed$, words$).pipe(
    scan(learn, first),
    startWith(first),
    distinctUntilChanged(),
    pairwise(),
    tap(([before, after]) => context.notices && tellChange(before, after, context.notices)),
    map(([, knowledge]) => requireNodes(knowledge)),
    tap((knowledge) => sentinels$.next(endpointsOf(knowledge))),
  );
  const lists$ = knowledge$.pipe(
    map(({ conclusion }) => conclusion),
    filter(({ nodes }) => nodes.length > 0),
    map(({ nodes, intended }) => nodes.map((node) => toNode(node, intended))),
    distinctUntilChanged((a, b) => a.map(describe).join() === b.map(describe).join()),
  );
  return merge(probes$, lists$);
}

/** @throws Error if no Sentinel can be used and none ever could. */
function requireNodes(knowledge: Knowledge): Knowledge {
  const reason = whyNoNodes(knowledge);
  if (reason !== undefined) {
    throw new Error(`sentinelNodes: no Sentinel can be used: ${reason}`);
  }
  return knowledge;
}

function endpointsOf({ sentinels }: Knowledge): readonly Endpoint[] {
  return [...sentinels.values()].map(({ endpoint }) => endpoint);
}

/** A Sentinel goes on listing nodes that are gone for good, so a node counts once it has answered. */
function toNode(node: Endpoint, intended: string | undefined): SourceNode {
  return { ...node, derived: true, ...(formatEndpoint(node) === intended && { intended: 'master' }) };
}

function describe(node: SourceNode): string {
  return `${formatEndpoint(node)} ${node.intended ?? ''}`;
}

/** @throws TypeError if the app maps an address to anything but an endpoint or `undefined`. */
function translate(
  listed: Endpoint,
  mapEndpoint: NonNullable<SentinelNodesOptions['mapEndpoint']>,
): Endpoint | undefined {
  const mapped = mapEndpoint(listed);
  if (mapped !== undefined) {
    throwFaults(endpointFaults(mapped, 'what mapEndpoint returned'), 'sentinelNodes: ');
  }
  return mapped;
}
