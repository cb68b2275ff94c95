import { isTransition, type LineState, type LineWatch } from './line-state.js';

/** Holds the state of one line. `enter` is the only way to change it. */
export class LineMachine {
  #state: LineState = { kind: 'waiting', reason: 'not connected yet' };
  readonly #onShut: () => void;
  readonly #watch: LineWatch | undefined;
  /** Always equals `state.kind === 'open'`. A separate field, because every command reads it. */
  isOpen = false;

  /** `onShut` is called when the line leaves `open`. */
  constructor(onShut: () => void, watch?: LineWatch) {
    this.#onShut = onShut;
    this.#watch = watch;
  }

  get state(): LineState {
    return this.#state;
  }

  /** Returns `false` and changes nothing if the table of transitions does not allow the change. */
  enter(state: LineState): boolean {
    if (!isTransition(this.#state.kind, state.kind)) {
      return false;
    }
    const wasOpen = this.isOpen;
    this.#state = state;
    this.isOpen = state.kind === 'open';
    if (wasOpen && !this.isOpen) {
      this.#watch?.closed();
      this.#onShut();
    } else if (!wasOpen && this.isOpen) {
      this.#watch?.opened();
    }
    return true;
  }
}
