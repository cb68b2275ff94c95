import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { root } from '../docs/pages.js';

/**
 * What exported types are made of, and nobody has to name. What it says is in the report all the same, so that a change is
 * seen.
 */
const parts = [
  // Of the classes that Nest's builder of modules makes.
  'ASYNC_OPTIONS_TYPE',
  'ConfigurableModuleClass',
  'Extras',
  'ModuleBuilder',
  'NestOptions',
  'OPTIONS_TYPE',
  // Common members of a union that is exported.
  'ClusterPlace',
  'CommonOptions',
  'FailoverFacts',
  'GroupPlace',
  'HealthVerdict',
  'NodeIdentity',
  'ObservationBase',
  'ReadableVerdict',
  'TopologyFacts',
  // Of constructors that only this library calls.
  'OutcomeDetails',
  // The lists of values that an exported type consists of.
  'failoverKinds',
  'ownedOptions',
  'readPolicies',
  'resendPolicies',
  'serverCodes',
  'twoMastersKinds',
];

const reports = readdirSync(`${root}api`).map((file) => ({
  file,
  ...namesIn(readFileSync(`${root}api/${file}`, 'utf8')),
}));
const main = reports.find(({ file }) => file === 'index.api.md')?.exported ?? [];

test('each type that a public declaration names is exported, by its entry point or by the main one', () => {
  expect(main).toContain('ConnectionEvent');
  const hidden = reports.flatMap(({ exported, reachable }) =>
    reachable.filter((name) => !exported.includes(name) && !main.includes(name)),
  );
  expect([...new Set(hidden)].toSorted()).toEqual(parts.toSorted());
});

/** The names that a report says are exported, and those that can be reached from them. */
function namesIn(report: string): {
  readonly exported: readonly string[];
  readonly reachable: readonly string[];
} {
  const declared = [
    ...report.matchAll(
      /^(export )?(?:declare )?(?:abstract )?(?:type|interface|class|const|function) (\w+)/gm,
    ),
  ];
  const exported = declared.filter(([, word]) => word !== undefined).map(([, , name = '']) => name);
  return { exported, reachable: declared.map(([, , name = '']) => name) };
}
