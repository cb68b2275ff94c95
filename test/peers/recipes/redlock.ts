import { Redlock } from '@sesamecare-oss/redlock';
import type { Redis } from 'ioredis';

export function createLocks(writer: Redis): Redlock {
  return new Redlock([writer], { retryCount: 10, retryDelay: 200 });
}
