import { line } from '../../topology/log-line.js';
import type { SourceNotices } from '../node-source.js';
import { MAX_NODES } from './conclusion.js';
import type { Knowledge } from './knowledge.js';

/** Tells operators which Sentinels cannot be used. Before there are nodes, the fault of the source tells it. */
export function tellChange(before: Knowledge, after: Knowledge, { raise, end }: SourceNotices): void {
  const { nodes, excess } = after.conclusion;
  if (nodes.length === 0) {
    return;
  }
  for (const [name, { word }] of after.sentinels) {
    if (word.kind === 'failing') {
      const told = line`the Sentinel ${{ node: name }} cannot be used: ${{ reason: word.reason }}`;
      raise(topicOf(name), told, 'RR330');
    } else if (word.kind === 'listing') {
      end(topicOf(name), line`the Sentinel ${{ node: name }} is used again`, 'RR331');
    }
  }
  for (const name of before.sentinels.keys()) {
    if (!after.sentinels.has(name)) {
      const told = line`the Sentinel ${{ node: name }} is not asked any more: no other one lists it`;
      end(topicOf(name), told, 'RR332');
    }
  }
  if (excess > 0) {
    raise(
      'listed nodes',
      line`the Sentinels list more than ${{ maxNodes: MAX_NODES }} nodes; the others are not used. SENTINEL RESET removes those that are gone`,
      'RR333',
    );
  } else {
    end('listed nodes', line`the Sentinels list ${{ count: nodes.length }} nodes`, 'RR334');
  }
}

function topicOf(name: string): string {
  return `Sentinel ${name}`;
}
