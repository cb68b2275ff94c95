import { Logger } from '@nestjs/common';
import type { ChangeNote } from '../topology/describe-change.js';
import { DEFAULT_NAME } from './tokens.js';

/** Receives log messages for operators. */
export type Report = (note: ChangeNote) => void;

/** Passes notes to the logger of the app, under the name of the instance. */
export function reportTo(instance: string): Report {
  const logger = new Logger(instance === DEFAULT_NAME ? 'RedisReplication' : `RedisReplication(${instance})`);
  return ({ code, level, text, facts }) => {
    const message = isJson() ? { code, instance, text, ...facts } : `${text} [${code}]`;
    switch (level) {
      case 'log':
        logger.log(message);
        break;
      case 'warn':
        logger.warn(message);
        break;
      case 'error':
        logger.error(message);
        break;
      default:
        level satisfies never;
    }
  };
}

/**
 * Whether the app logs by the JSON logger of Nest, which takes an object as it is. Other loggers differ in what they make
 * of an object. The app may change its logger at any time, so this is asked for each line.
 */
function isJson(): boolean {
  const current: unknown = Reflect.get(Logger, 'staticInstanceRef');
  return read(read(current, 'options'), 'json') === true;
}

function read(owner: unknown, key: string): unknown {
  return typeof owner === 'object' && owner !== null ? Reflect.get(owner, key) : undefined;
}
