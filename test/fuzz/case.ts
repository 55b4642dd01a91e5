import { createHash } from 'node:crypto';
import { Random } from '../random.ts';
import { KINDS, type KindName } from './kinds.ts';

/** One case: the same bytes whenever it is made. */
export interface CaseName {
  kind: KindName;
  seed: number;
  index: number;
}

export function makeCase({ kind, seed, index }: CaseName): Buffer {
  const mixed = createHash('sha256').update(`${kind} ${seed} ${index}`).digest();
  return KINDS[kind].make(new Random(mixed.readUInt32LE()));
}
