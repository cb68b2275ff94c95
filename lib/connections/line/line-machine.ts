import { isTransition, type LineState } from './line-state.js';

/** The state of one line, and the only way to change it. */
export class LineMachine {
  #state: LineState = { kind: 'waiting', reason: 'not connected yet' };
  readonly #onShut: () => void;
  /** Always `state.kind === 'open'`; a field of its own, because every command reads it. */
  isOpen = false;

  /** `onShut` is called when the line stops being open. */
  constructor(onShut: () => void) {
    this.#onShut = onShut;
  }

  get state(): LineState {
    return this.#state;
  }

  /** Returns `false`, and changes nothing, where the table of transitions has no such step. */
  enter(state: LineState): boolean {
    if (!isTransition(this.#state.kind, state.kind)) {
      return false;
    }
    const wasOpen = this.isOpen;
    this.#state = state;
    this.isOpen = state.kind === 'open';
    if (wasOpen && !this.isOpen) {
      this.#onShut();
    }
    return true;
  }
}
