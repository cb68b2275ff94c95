import { ProtocolFault } from '../../lib/wire/protocol-fault.js';
import { ReplyReader, type Frame } from '../../lib/wire/reply-reader.js';

/** What a server has sent: frames, and the code of the fault after them, if any. */
export interface Outcome {
  readonly frames: readonly Frame[];
  readonly fault?: string;
}

/** Reads texts of latin1, each as it arrives. */
export function readAll(...chunks: readonly string[]): Outcome {
  const reader = new ReplyReader();
  const frames: Frame[] = [];
  try {
    for (const chunk of chunks) {
      for (const frame of reader.read(Buffer.from(chunk, 'latin1'))) frames.push(frame);
    }
    return { frames };
  } catch (error) {
    if (!(error instanceof ProtocolFault)) throw error;
    return { frames, fault: error.code };
  }
}

/** A text of latin1 that arrives byte by byte. */
export function byteByByte(text: string): readonly string[] {
  return Array.from(Buffer.from(text, 'latin1'), (byte) => String.fromCharCode(byte));
}
