import type { Attack } from './attack.ts';
import { compressionAttacks } from './attacks/compression.ts';
import { configAttacks } from './attacks/configs.ts';
import { exhaustionAttacks } from './attacks/exhaustion.ts';
import { exportsAttacks } from './attacks/exports.ts';
import { indexAttacks } from './attacks/indexes.ts';
import { linkAttacks } from './attacks/links.ts';
import { manifestAttacks } from './attacks/manifests.ts';
import { nameAttacks } from './attacks/names.ts';
import { registryAttacks } from './attacks/registries.ts';
import { specialFileAttacks } from './attacks/special-files.ts';
import { tarAttacks } from './attacks/tars.ts';
import { whiteoutAttacks } from './attacks/whiteouts.ts';

/** All of them. The runner and its victims know each by its place here. */
export const attacks: Attack[] = [
  ...nameAttacks,
  ...linkAttacks,
  ...whiteoutAttacks,
  ...specialFileAttacks,
  ...tarAttacks,
  ...compressionAttacks,
  ...exhaustionAttacks,
  ...manifestAttacks,
  ...indexAttacks,
  ...configAttacks,
  ...exportsAttacks,
  ...registryAttacks,
];
