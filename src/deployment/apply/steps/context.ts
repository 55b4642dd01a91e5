import type { Paths } from '../../../paths.ts';
import type { Store } from '../../../store/store.ts';
import type { Systemd } from '../../../systemd/systemd.ts';

/** What a step needs to run, beside what it carries itself. */
export interface StepContext {
  paths: Paths;
  store: Store;
  systemd: Systemd;
  /** Where this step keeps what its undo brings back. */
  backup: string;
  /** True when another process began the change: then nothing is removed that may have been used since. */
  recovering: boolean;
  /** Ends a step that only waits. */
  signal: AbortSignal;
  warn(text: string): void;
}
