import { ConfigurableModuleBuilder, Module, type DynamicModule, type Provider } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { findUnknown } from '../connections/ioredis/redis-rules.js';
import { describeValue } from '../options/describe-value.js';
import { flag, findFaults, isPlainObject, text as aText, throwFaults } from '../options/rules.js';
import { ClusterReplication } from './cluster-replication.js';
import { namesOfInstances } from './instance-names.js';
import { reportTo } from './log-notes.js';
import { RedisReplicationConnections } from './redis-replication-connections.js';
import { Replication } from './replication.js';
import type { RedisReplicationOptions } from './options.js';
import { isForCluster, resolveClusterOptions, resolveOptions } from './resolve-options.js';
import { line } from '../topology/log-line.js';
import {
  DEFAULT_NAME,
  getRedisFailoversToken,
  getRedisReaderToken,
  getRedisTopologyToken,
  getRedisWriterToken,
  getReplicationToken,
} from './tokens.js';

interface Extras {
  /** Identifies this instance if an app has several; the argument of `InjectRedisWriter(name)` and the like. */
  readonly name?: string;
  /** Makes the connections injectable in every module without another import. Default `false`. */
  readonly isGlobal?: boolean;
}

const { ConfigurableModuleClass, MODULE_OPTIONS_TOKEN, OPTIONS_TYPE, ASYNC_OPTIONS_TYPE } =
  new ConfigurableModuleBuilder<RedisReplicationOptions>({ moduleName: 'RedisReplication' })
    .setClassMethodName('forRoot')
    .setFactoryMethodName('createRedisReplicationOptions')
    // Every extra needs a default here: one without a default would be passed on as an option.
    .setExtras<Extras>(
      { name: DEFAULT_NAME, isGlobal: false },
      (definition, { name = DEFAULT_NAME, isGlobal = false }) => ({
        ...definition,
        global: isGlobal,
        providers: [...(definition.providers ?? []), ...providersFor(name), RedisReplicationConnections],
        exports: [...(definition.exports ?? []), ...exportsFor(name), RedisReplicationConnections],
      }),
    )
    .build();

/** @publicApi */
export type RedisReplicationModuleOptions = typeof OPTIONS_TYPE;

/** @publicApi */
export type RedisReplicationModuleAsyncOptions = typeof ASYNC_OPTIONS_TYPE;

/**
 * Implemented by the class that is given to `useClass` or `useExisting` of `forRootAsync`.
 *
 * @publicApi
 */
export interface RedisReplicationOptionsFactory {
  createRedisReplicationOptions(): RedisReplicationOptions | Promise<RedisReplicationOptions>;
}

/**
 * Provides a writer, a reader, the topology and the failovers of one master/replica group. Import it once per group, each with its own
 * `name`. Options are validated when the app starts; the error for an invalid option names it.
 *
 * @publicApi
 */
@Module({})
export class RedisReplicationModule extends ConfigurableModuleClass {
  static override forRoot(options: RedisReplicationModuleOptions): DynamicModule {
    checkExtras('forRoot', options);
    return super.forRoot(options);
  }

  static override forRootAsync(options: RedisReplicationModuleAsyncOptions): DynamicModule {
    checkExtras('forRootAsync', options);
    const { useFactory, useClass, useExisting, ...rest } = options;
    if (useFactory !== undefined) {
      return super.forRootAsync(options);
    }
    const factory = useExisting ?? useClass;
    if (factory === undefined) {
      throw new TypeError(
        'RedisReplicationModule.forRootAsync needs one of useFactory, useClass, useExisting',
      );
    }
    const definition = super.forRootAsync({ ...rest, useFactory: readFactory, inject: [factory] });
    const providers = useClass === undefined ? [] : [useClass];
    return { ...definition, providers: [...(definition.providers ?? []), ...providers] };
  }
}

function providersFor(name: string): readonly Provider[] {
  const token = getReplicationToken(name);
  return [
    {
      provide: token,
      useFactory: (options: RedisReplicationOptions, modules: ModulesContainer) => {
        requireUnique(name, modules);
        return createReplication(name, options);
      },
      inject: [MODULE_OPTIONS_TOKEN, ModulesContainer],
    },
    {
      provide: getRedisWriterToken(name),
      useFactory: (replication: Replication | ClusterReplication) => replication.createWriter(),
      inject: [token],
    },
    {
      provide: getRedisReaderToken(name),
      useFactory: (replication: Replication | ClusterReplication) => replication.createReader(),
      inject: [token],
    },
    {
      provide: getRedisTopologyToken(name),
      useFactory: (replication: Replication | ClusterReplication) => replication.topology$,
      inject: [token],
    },
    {
      provide: getRedisFailoversToken(name),
      useFactory: (replication: Replication | ClusterReplication) => replication.failovers,
      inject: [token],
    },
  ];
}

function exportsFor(name: string): readonly string[] {
  return [
    getReplicationToken(name),
    getRedisWriterToken(name),
    getRedisReaderToken(name),
    getRedisTopologyToken(name),
    getRedisFailoversToken(name),
  ];
}

function createReplication(name: string, options: RedisReplicationOptions): Replication | ClusterReplication {
  try {
    const report = reportTo(name);
    const replication = isForCluster(options)
      ? new ClusterReplication(resolveClusterOptions(options, name), report)
      : new Replication(resolveOptions(options, name), report);
    findUnknown(replication.options.redis).forEach((option) =>
      report({
        code: 'RR450',
        level: 'warn',
        ...line`option "${{ option }}" is not known here; it is passed on to ioredis`,
      }),
    );
    return replication;
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new TypeError(`RedisReplicationModule(${name}): ${message}`, { cause: error });
  }
}

/** What belongs to the module. The rest is checked when the app starts, because a factory may provide it later. */
function checkExtras(method: string, options: unknown): void {
  const prefix = `RedisReplicationModule.${method}: `;
  if (!isPlainObject(options)) {
    throw new TypeError(`${prefix}option "options" is ${describeValue(options)}; allowed is an object`);
  }
  const { name, isGlobal }: { name?: unknown; isGlobal?: unknown } = options;
  throwFaults(findFaults({ name: aText, isGlobal: flag }, { name, isGlobal }), prefix);
}

async function readFactory(factory: object): Promise<RedisReplicationOptions> {
  if (isOptionsFactory(factory)) {
    return factory.createRedisReplicationOptions();
  }
  throw new TypeError(
    `RedisReplicationModule.forRootAsync: ${factory.constructor.name} has no method createRedisReplicationOptions()`,
  );
}

function isOptionsFactory(factory: object): factory is RedisReplicationOptionsFactory {
  return typeof Reflect.get(factory, 'createRedisReplicationOptions') === 'function';
}

/** Two groups under one name would have the same tokens, so that which one is injected would depend on the module. */
function requireUnique(name: string, modules: ModulesContainer): void {
  const names = namesOfInstances(modules) ?? [];
  if (names.filter((each) => each === name).length > 1) {
    throw new TypeError(
      `RedisReplicationModule(${name}) is imported more than once: give each group a "name" of its own, or import one ` +
        'group once and set isGlobal',
    );
  }
}
