import type { Source } from './read-source.js';

/** Each cycle of value imports, as `a.ts → b.ts → a.ts`. Type imports make none, they are gone at run time. */
export function findCycles(sources: readonly Source[]): string[] {
  const targets = new Map(sources.map(({ path, imports }) => [path, valueTargets(imports)]));
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

function valueTargets(imports: Source['imports']): string[] {
  return imports.filter(({ kind }) => kind === 'value').map(({ target }) => target);
}
