import Module, { register } from 'node:module';

/*
 * Has every package that asks for `ioredis` get `ioredis-5`, as in an app that has installed ioredis 5. An alias of Vite
 * does this only for what Vite loads: not for the packages of the recipes.
 */

const hooks = `export function resolve(specifier, context, next) {
  return next(specifier.replace(/^ioredis(?=\\/|$)/, 'ioredis-5'), context);
}`;
register(`data:text/javascript,${encodeURIComponent(hooks)}`);

const resolveFilename: unknown = Reflect.get(Module, '_resolveFilename');
if (typeof resolveFilename !== 'function') throw new Error('This Node.js resolves packages in another way');
Reflect.set(
  Module,
  '_resolveFilename',
  function (this: unknown, request: string, ...rest: unknown[]): unknown {
    const name = request.replace(/^ioredis(?=\/|$)/, 'ioredis-5');
    const path: unknown = Reflect.apply(resolveFilename, this, [name, ...rest]);
    return path;
  },
);
