import { formatTable, printSection } from './format.js';
import type { Goal } from './goals.js';

export function printGoals(goals: readonly Goal[]): void {
  const reached = goals.filter(({ isReached }) => isReached).length;
  printSection('Goals', `${reached} of ${goals.length} reached in this run`);
  const rows = goals.map(({ goal, measured, isReached }) => [
    goal,
    measured,
    isReached ? 'reached' : 'NOT reached',
  ]);
  console.log(formatTable(['', 'measured', ''], rows));
}
