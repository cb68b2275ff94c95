import type { Observable } from 'rxjs';
import type { Names } from '../doctor/gather/resolve-names.js';
import type { Environment } from './read-arguments.js';

/** What the command uses of its process. */
export interface Terminal {
  readonly environment: Environment;
  readonly version: string;
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
  /** Emits when `--watch` is to end. */
  readonly interrupted$: Observable<unknown>;
  /** Default: the resolver of the system. */
  readonly names?: Names;
}
