import { isCommand, readerRefusal } from '../../connections/outcomes/command-traits.js';
import { ReadOnlyConnectionError } from '../../connections/outcomes/errors.js';
import {
  DEFAULT_NAME,
  getRedisReaderToken,
  getRedisTopologyToken,
  getRedisWriterToken,
} from '../../nest/tokens.js';
import { allow, findFaults, isPlainObject, text, throwFaults } from '../../options/rules.js';
import { createFakeTopology, type FakeTopology } from './fake-topology.js';

/** @publicApi */
export interface TestingConnectionsOptions<Writer extends object> {
  /** What is injected as the writer: a plain object with the commands that the code under test uses, or an `ioredis-mock`. */
  readonly writer: Writer;
  /** What is injected as the reader. Default: the writer, which then refuses everything but reads, as a reader does. */
  readonly reader?: object;
  /** Default: a group of two nodes, whose master is known. */
  readonly topology?: FakeTopology;
  /** The `name` of the instance, if it has one. */
  readonly name?: string;
}

/** What a testing module of Nest is built with. */
interface ModuleBuilder<Self> {
  overrideProvider(token: string): { useValue(value: unknown): Self };
}

/**
 * What stands in for the connections of one instance.
 *
 * @publicApi
 */
export interface TestingConnections<Writer extends object> {
  readonly writer: Writer;
  readonly reader: object;
  readonly topology: FakeTopology;
  /** For `Test.createTestingModule({ providers: [YourService, ...connections.providers] })`. */
  readonly providers: readonly { readonly provide: string; readonly useValue: unknown }[];
  /** Replaces the connections of a module that imports `RedisReplicationModule`; no connection is opened then. */
  override<Builder extends ModuleBuilder<Builder>>(builder: Builder): Builder;
}

/**
 * Stand-ins for writer, reader and topology, for unit tests without any server or socket.
 *
 * @throws TypeError for an option that is not allowed.
 * @publicApi
 */
export function createTestingConnections<Writer extends object>(
  options: TestingConnectionsOptions<Writer>,
): TestingConnections<Writer> {
  throwFaults(findFaults(rules, options, { required: ['writer'] }), 'createTestingConnections: ');
  const { writer, reader = readOnly(writer), topology = createFakeTopology(), name = DEFAULT_NAME } = options;
  const providers = [
    { provide: getRedisWriterToken(name), useValue: writer },
    { provide: getRedisReaderToken(name), useValue: reader },
    { provide: getRedisTopologyToken(name), useValue: topology.topology$ },
  ];
  return {
    writer,
    reader,
    topology,
    providers,
    override: (builder) =>
      providers.reduce(
        (built, { provide, useValue }) => built.overrideProvider(provide).useValue(useValue),
        builder,
      ),
  };
}

const anObject = allow('an object with the commands that are used', isPlainObject);
const rules = { writer: anObject, reader: anObject, topology: anObject, name: text };

/** The same data, with all commands but reads refused. What is no command, such as `on` or `status`, passes. */
function readOnly(writer: object): object {
  return new Proxy(writer, {
    get(target, key) {
      const value: unknown = Reflect.get(target, key);
      if (typeof key !== 'string' || typeof value !== 'function') {
        return value;
      }
      const send = (...args: readonly unknown[]): unknown => Reflect.apply(value, target, args);
      return isCommand(key) ? guard(key, send) : send;
    },
  });
}

function guard(name: string, send: (...args: readonly unknown[]) => unknown) {
  return (...args: readonly unknown[]) => {
    const advice = readerRefusal({ name, args });
    return advice === undefined ? send(...args) : Promise.reject(new ReadOnlyConnectionError(name, advice));
  };
}
