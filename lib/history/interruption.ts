import type { ConnectionEvent } from '../connections/outcomes/connection-event.js';
import type { FailoverCommands } from './failover-record.js';

/**
 * What became of commands in the course of one interruption. It begins before anybody knows whether it is a failover:
 * replies are lost at the moment at which a master dies.
 */
export interface Interruption {
  readonly commands: FailoverCommands;
  /** When the last of them was counted, in milliseconds of the monotonic clock. */
  readonly lastAt: number;
}

export const none: Interruption = {
  commands: { held: 0, sentAgain: 0, unknown: 0, notApplied: 0 },
  lastAt: -Infinity,
};

/** What happened longer before belongs to something else, such as a replica that was restarted. */
const GAP_MS = 1000;

/** Counts an event in the interruption of which it is a part, or in a new one. */
export function continueInterruption(
  interruption: Interruption,
  event: ConnectionEvent,
  { isLost }: { readonly isLost: boolean },
): Interruption {
  const { commands } = isLost || event.at - interruption.lastAt <= GAP_MS ? interruption : none;
  const counted = addInterrupted(commands, event);
  return counted === commands ? interruption : { commands: counted, lastAt: event.at };
}

/** Counts an event, if it is about a command that the interruption concerned. */
export function addInterrupted(commands: FailoverCommands, event: ConnectionEvent): FailoverCommands {
  switch (event.kind) {
    case 'held':
      return { ...commands, held: commands.held + 1 };
    case 'sent again':
      return { ...commands, sentAgain: commands.sentAgain + 1 };
    case 'unknown':
      return { ...commands, unknown: commands.unknown + 1 };
    case 'not applied':
      return { ...commands, notApplied: commands.notApplied + 1 };
    case 'sent':
    case 'refused':
    case 'shut':
    case 'open':
    case 'failed':
    case 'acknowledged':
      return commands;
    default:
      return event satisfies never;
  }
}
