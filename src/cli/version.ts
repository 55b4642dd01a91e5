/** The version of this program; package.json's, as a test asserts. */
export const VERSION = '0.1.0';

/** The versions of what this program writes and reads: records below /var/lib/berth, host.yaml and its lock, and what `--json` prints. */
export const FORMATS = {
  deployment: 1,
  history: 1,
  journal: 1,
  layer: 1,
  host: 1,
  lock: 1,
  json: 1,
} as const;
