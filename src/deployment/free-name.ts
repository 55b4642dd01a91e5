import { existsSync } from 'node:fs';
import type { Paths } from '../paths.ts';

/** The name itself, or with a number behind it where an earlier copy has the name already. */
export function freeName(path: string, paths: Paths): string {
  let name = path;
  for (let number = 1; existsSync(paths.locate(name)); number += 1) name = `${path}.${number}`;
  return name;
}
