import type { Attributes, BatchObservableResult } from '@opentelemetry/api';
import { Subscription } from 'rxjs';
import { monotonicMs } from '../clock/clock.js';
import type { ConnectionEvent } from '../connections/outcomes/connection-event.js';
import type { FailoverRecord } from '../history/failover-record.js';
import type { Probed } from '../nest/observed-groups.js';
import { Continued } from './continued.js';
import { initialGroupState, nextGroupState, type GroupState } from './group-state.js';
import type { Instance } from './instance.js';
import type { Instruments } from './instruments.js';
import { CAUSE, INSTANCE, label, PHASE, PROOF, SYSTEM } from './names.js';
import { observeCommandCounters, observeCommandGauges, ofConnection } from './observe-commands.js';
import { observeGroupCounters, observeGroupGauges, ofGroup } from './observe-group.js';

/**
 * Measures one instance. Almost everything is read when metrics are collected, from what the instance counts anyway; only
 * durations are recorded as they occur. Nothing happens for a command that is written at once.
 */
export class InstanceMetrics {
  readonly #instance: Instance;
  readonly #instruments: Instruments;
  readonly #common: Attributes;
  readonly #startedAt = monotonicMs();
  readonly #states = new Map<string | undefined, GroupState>();
  readonly #gauges = new Continued();
  /** The generation of the last failover that was counted, and of the last whose time was, by shard. */
  readonly #counted = { open: new Map<string, number>(), complete: new Map<string, number>() };

  constructor(instance: Instance, instruments: Instruments) {
    this.#instance = instance;
    this.#instruments = instruments;
    this.#common = { ...SYSTEM, [INSTANCE]: instance.options.name };
  }

  start(): Subscription {
    const { observed, ledger, failovers } = this.#instance;
    const running = observed.probed$.subscribe((probed) => this.#onProbe(probed));
    running.add(ledger.events$.subscribe((event) => this.#onEvent(event)));
    running.add(failovers.failovers$.subscribe((record) => this.#onFailover(record)));
    return running;
  }

  collect(result: BatchObservableResult): void {
    const { observed, ledger, logins, options } = this.#instance;
    const [instruments, common, now] = [this.#instruments, this.#common, monotonicMs()];
    const counts = ledger.counts();
    const groups = observed
      .read()
      .map((group) => ({ group, state: this.#stateOf(group.shard), common, now }));
    const count = result.observe.bind(result);
    groups.forEach((group) => observeGroupCounters(count, instruments, group));
    observeCommandCounters(count, instruments, { counts, common });
    this.#gauges.collect(result, (observe) => {
      groups.forEach((group) => observeGroupGauges(observe, instruments, group));
      observeCommandGauges(observe, instruments, { counts, common, hold: options.hold });
      if (logins?.ageMs !== undefined) {
        observe(instruments.gauges.credentialsAge, logins.ageMs / 1000, common);
      }
    });
  }

  #stateOf(shard: string | undefined): GroupState {
    return this.#states.get(shard) ?? initialGroupState(this.#startedAt);
  }

  #onProbe(probed: Probed): void {
    this.#states.set(probed.shard, nextGroupState(this.#stateOf(probed.shard), probed));
  }

  #onEvent(event: ConnectionEvent): void {
    if ('heldMs' in event && event.heldMs !== undefined) {
      const { waitTime } = this.#instruments.pushed;
      waitTime.record(event.heldMs / 1000, ofConnection(this.#common, event.connection));
    }
  }

  /** A record is told when the master is accepted and when it is complete, and once more for each loss that is found. */
  #onFailover(record: FailoverRecord): void {
    const { kind, shard = '', generation, cause, proof } = record;
    if (generation <= (this.#counted[kind].get(shard) ?? 0)) {
      return;
    }
    this.#counted[kind].set(shard, generation);
    const attributes = ofGroup(this.#common, record.shard);
    const { failovers, failoverTime } = this.#instruments.pushed;
    if (kind === 'open') {
      failovers.add(1, { ...attributes, [CAUSE]: label(cause), [PROOF]: proof });
    } else {
      for (const [phase, durationMs] of phasesOf(record)) {
        failoverTime.record(durationMs / 1000, { ...attributes, [PHASE]: phase });
      }
    }
  }
}

function phasesOf(record: FailoverRecord): readonly (readonly [phase: string, durationMs: number])[] {
  const { detectionMs, decisionMs, connectionMs, acknowledgementMs } = record.phases;
  const total = 'totalMs' in record ? record.totalMs : undefined;
  const all = { detectionMs, decisionMs, connectionMs, acknowledgementMs, total };
  return Object.entries(all).flatMap(([name, value]) =>
    value === undefined ? [] : [[name.replace('Ms', ''), value] as const],
  );
}
