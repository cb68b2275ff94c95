import { RedisStore } from 'connect-redis';
import session from 'express-session';
import type { Redis } from 'ioredis';

/** For `app.use()` in `main.ts`. */
export function createSessions(writer: Redis, secret: string) {
  const store = new RedisStore({ client: writer, prefix: 'session:' });
  return session({ store, secret, resave: false, saveUninitialized: false });
}
