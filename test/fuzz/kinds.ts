import type { FuzzKind } from './kind.ts';
import { archive } from './kinds/archive.ts';
import { authFile } from './kinds/auth-file.ts';
import { challenge } from './kinds/challenge.ts';
import { config } from './kinds/config.ts';
import { gzip } from './kinds/gzip.ts';
import { host } from './kinds/host.ts';
import { manifest } from './kinds/manifest.ts';
import { pax } from './kinds/pax.ts';
import { reference } from './kinds/reference.ts';
import { registries } from './kinds/registries.ts';
import { tar } from './kinds/tar.ts';
import { zstd } from './kinds/zstd.ts';

export type KindName =
  | 'tar'
  | 'pax'
  | 'gzip'
  | 'zstd'
  | 'manifest'
  | 'config'
  | 'archive'
  | 'challenge'
  | 'registries'
  | 'reference'
  | 'auth-file'
  | 'host';

/** What is fuzzed, by the name that `--only` and the files of failing cases have. */
export const KINDS: Record<KindName, FuzzKind> = {
  tar,
  pax,
  gzip,
  zstd,
  manifest,
  config,
  archive,
  challenge,
  registries,
  reference,
  'auth-file': authFile,
  host,
};

/** Throws for a name that is none. */
export function parseKind(text: string): KindName {
  if (Object.hasOwn(KINDS, text)) return text as KindName;
  throw new Error(`no such kind: ${text}; there are ${Object.keys(KINDS).join(', ')}`);
}
