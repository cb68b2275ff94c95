import type { Import, Source } from './read-source.js';

/**
 * Each cycle of imports, as `a.ts → b.ts → a.ts`. Type imports are gone at run time, so only those of values make one,
 * unless asked otherwise.
 */
export function findCycles(
  sources: readonly Source[],
  kinds: readonly Import['kind'][] = ['value'],
): string[] {
  const targets = new Map(sources.map(({ path, imports }) => [path, targetsOf(imports, kinds)]));
  const done = new Set<string>();
  const visit = (path: string, trail: readonly string[]): string[] => {
    const start = trail.indexOf(path);
    if (start !== -1) return [[...trail.slice(start), path].join(' → ')];
    if (done.has(path)) return [];
    const cycles = (targets.get(path) ?? []).flatMap((target) => visit(target, [...trail, path]));
    done.add(path);
    return cycles;
  };
  return sources.flatMap(({ path }) => visit(path, []));
}

function targetsOf(imports: readonly Import[], kinds: readonly Import['kind'][]): string[] {
  return imports.filter(({ kind }) => kinds.includes(kind)).map(({ target }) => target);
}
