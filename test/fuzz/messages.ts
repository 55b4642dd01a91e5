import type { KindName } from './kinds.ts';

/** What the process that reads cases is told: some of one kind, or the bytes of one. */
export type ToReader =
  | { do: 'range'; kind: KindName; seed: number; from: number; to: number }
  | { do: 'bytes'; kind: KindName; bytes: string };

/** What came of that: of a failure, where it stopped. */
export interface FromReader {
  cases: number;
  accepted: number;
  compared: number;
  /** The most memory that the process has had, in bytes. */
  memory: number;
  failure?: { index: number; error: string };
}
