import type { Reporter, TestModule } from 'vitest/node';

/** Prints what each project took: its tests, the seconds of all its files together, and the file that took longest. */
export class ProjectTimes implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    for (const name of new Set(modules.map(({ project }) => project.name))) {
      const files = modules.filter(({ project }) => project.name === name);
      const tests = files.flatMap(({ children }) => [...children.allTests()]).length;
      const seconds = files.reduce((sum, file) => sum + secondsOf(file), 0);
      const [slowest] = files.toSorted((a, b) => secondsOf(b) - secondsOf(a)).map(describe);
      process.stdout.write(`${name}: ${tests} tests, ${seconds.toFixed(0)} s; longest: ${slowest}\n`);
    }
  }
}

function describe(file: TestModule): string {
  return `${file.relativeModuleId}, ${secondsOf(file).toFixed(0)} s`;
}

/** To load the file included. Two files run at a time, so that the sum is up to twice the time on the clock. */
function secondsOf(file: TestModule): number {
  const { prepareDuration, setupDuration, collectDuration, duration } = file.diagnostic();
  return (prepareDuration + setupDuration + collectDuration + duration) / 1000;
}
