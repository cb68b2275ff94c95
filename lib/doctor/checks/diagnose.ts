import type { Facts } from '../facts.js';
import type { Finding, Severity } from '../finding.js';
import { checkAnnounced, checkNames } from './names.js';
import { checkReach } from './reach.js';
import { checkReplicas } from './replicas.js';
import { checkRights } from './rights.js';
import { checkRoles } from './roles.js';
import { checkSentinels } from './sentinels.js';
import { checkServers } from './servers.js';
import { checkSettings } from './settings.js';
import { checkTls } from './tls.js';
import { checkWatching } from './watching.js';
import { checkWrites } from './writes.js';

const checks = [
  checkRoles,
  checkReach,
  checkSentinels,
  checkTls,
  checkWrites,
  checkRights,
  checkReplicas,
  checkNames,
  checkAnnounced,
  checkWatching,
  checkSettings,
  checkServers,
] as const satisfies readonly ((facts: Facts) => readonly Finding[])[];

const ranks: Readonly<Record<Severity, number>> = { error: 0, warning: 1, note: 2 };

/** All findings, the worst first. Pure. */
export function diagnose(facts: Facts): readonly Finding[] {
  return checks.flatMap((check) => check(facts)).toSorted((a, b) => ranks[a.severity] - ranks[b.severity]);
}
