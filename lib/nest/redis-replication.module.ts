import { ConfigurableModuleBuilder, Logger, Module, type DynamicModule, type Provider } from '@nestjs/common';
import { describeValue } from './describe-value.js';
import { Replication, type Report } from './replication.js';
import type { RedisReplicationOptions } from './options.js';
import { resolveOptions } from './resolve-options.js';
import {
  DEFAULT_NAME,
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
        providers: [...(definition.providers ?? []), ...providersFor(name)],
        exports: [...(definition.exports ?? []), ...exportsFor(name)],
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
 * Provides a writer, a reader and the topology of one master/replica group. Import it once per group, each with its own
 * `name`. Options are validated when the app starts; the error for an invalid option names it.
 *
 * @publicApi
 */
@Module({})
export class RedisReplicationModule extends ConfigurableModuleClass {
  static override forRoot(options: RedisReplicationModuleOptions): DynamicModule {
    requireName(options.name);
    return super.forRoot(options);
  }

  static override forRootAsync(options: RedisReplicationModuleAsyncOptions): DynamicModule {
    requireName(options.name);
    const { useFactory, useClass, useExisting } = options;
    if (useFactory === undefined && useClass === undefined && useExisting === undefined) {
      throw new TypeError(
        'RedisReplicationModule.forRootAsync needs one of useFactory, useClass, useExisting',
      );
    }
    return super.forRootAsync(options);
  }
}

function providersFor(name: string): readonly Provider[] {
  const token = getReplicationToken(name);
  return [
    {
      provide: token,
      useFactory: (options: RedisReplicationOptions) => createReplication(name, options),
      inject: [MODULE_OPTIONS_TOKEN],
    },
    {
      provide: getRedisWriterToken(name),
      useFactory: (replication: Replication) => replication.createWriter(),
      inject: [token],
    },
    {
      provide: getRedisReaderToken(name),
      useFactory: (replication: Replication) => replication.createReader(),
      inject: [token],
    },
    {
      provide: getRedisTopologyToken(name),
      useFactory: (replication: Replication) => replication.topology$,
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
  ];
}

function createReplication(name: string, options: RedisReplicationOptions): Replication {
  try {
    return new Replication(resolveOptions(options), reportTo(name));
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new TypeError(`RedisReplicationModule(${name}): ${message}`, { cause: error });
  }
}

function reportTo(name: string): Report {
  const logger = new Logger(name === DEFAULT_NAME ? 'RedisReplication' : `RedisReplication(${name})`);
  return ({ level, text }) => {
    switch (level) {
      case 'log':
        logger.log(text);
        break;
      case 'warn':
        logger.warn(text);
        break;
      case 'error':
        logger.error(text);
        break;
      default:
        level satisfies never;
    }
  };
}

function requireName(name: unknown): void {
  if (name !== undefined && (typeof name !== 'string' || name === '')) {
    throw new TypeError(
      `RedisReplicationModule: "name" is ${describeValue(name)}; allowed is a non-empty string`,
    );
  }
}
