import type { NodeReport } from '../topology/observation.js';
import type { ControlConnection, Vet } from './control-connection.js';
import type { ObserverContext } from './observer-context.js';
import { probe } from './probe.js';

/**
 * Asks a node that nothing proves before it is sent the credentials; `undefined` for all others. One that requires them
 * before it says anything passes, so this keeps them from a server that is there by mistake, and not from one that lies.
 */
export function vetFor({ vetting }: Pick<ObserverContext, 'vetting'>): Vet | undefined {
  const isOfGroup = vetting?.();
  return (
    isOfGroup &&
    (async (call) => {
      const report = await askWithoutCredentials(call);
      if (report !== undefined && !isOfGroup(report)) {
        throw new Error(
          'its replication history is not that of the group, so it is not sent the credentials',
        );
      }
    })
  );
}

/** `undefined` if the server requires credentials. */
async function askWithoutCredentials(call: ControlConnection['call']): Promise<NodeReport | undefined> {
  try {
    const answer = await probe(call, { command: 'INFO' });
    if (answer.kind === 'report') {
      return answer.report;
    }
    throw new Error(answer.message);
  } catch (error) {
    if (error instanceof Error && /^(NOAUTH|NOPERM)\b/.test(error.message)) {
      return undefined;
    }
    throw error;
  }
}
