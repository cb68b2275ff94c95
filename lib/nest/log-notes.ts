import { Logger } from '@nestjs/common';
import type { ChangeNote } from '../topology/describe-change.js';
import { oneLine } from '../topology/safe-text.js';
import { DEFAULT_NAME } from './tokens.js';

/** Receives log messages for operators. */
export type Report = (note: ChangeNote) => void;

/** Passes notes to the logger of the app, under the name of the instance. */
export function reportTo(instance: string): Report {
  const logger = new Logger(instance === DEFAULT_NAME ? 'RedisReplication' : `RedisReplication(${instance})`);
  return ({ code, level, text, facts }) => {
    const always = { code, instance, text };
    // First for whoever reads it, and once more because a source of the app may name its facts as it likes.
    const message = isJson() ? { ...always, ...facts, ...always } : `${text} [${code}]`;
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

/** The last gate: whatever a node makes us say, it is one line of the log. */
export function asOneLine(note: ChangeNote): ChangeNote {
  const facts: Record<string, unknown> = {};
  for (const [name, fact] of Object.entries(note.facts)) {
    facts[name] = typeof fact === 'string' ? oneLine(fact) : fact;
  }
  return { ...note, text: oneLine(note.text), facts };
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
