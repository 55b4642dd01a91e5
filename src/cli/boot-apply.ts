import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type ApplyOptions, apply } from '../deployment/apply/apply.ts';
import { type OwnUnitsHost, planDisable, planEnable, planRefresh } from '../deployment/own-units.ts';
import { planAtRest } from '../deployment/plan/plan-at-rest.ts';
import { BerthError } from '../errors.ts';
import { isPipe } from '../given-file.ts';
import { readApplied } from '../provision/apply/applied.ts';
import { BOOT_APPLY, renderBootUnit, renderProvides } from '../provision/boot/boot-units.ts';
import { parseServiceName } from '../service-name.ts';
import { openStaging } from '../store/staging.ts';
import type { Context } from './context.ts';
import { ownCommand } from './own-command.ts';

/** The options of `apply` that a boot applies the declared services with. */
export interface BootOptions {
  file?: string;
  from?: string;
  prune?: boolean;
  locked?: boolean;
  authfile?: string;
}

/** Such as /dev/stdin, which is a file on a disk now. */
const OF_A_PROCESS = /^\/(dev|proc)\//;

/** Has every boot apply what is declared, from now on. Throws `usage`. */
export async function enableBoot(options: BootOptions, context: Context): Promise<void> {
  const { paths, output } = context;
  // Before anything else: what is wrong with them is wrong wherever this program is.
  const words = ['apply', '--boot', ...bootArguments(options)];
  const command = [...ownCommand(paths), ...words];
  const unit = renderBootUnit(command, { ofHost: options.file === undefined });
  await context.writing('apply --enable-boot', async (session) => {
    const texts = new Map([...unit, ...(await provides(session))]);
    await apply(planAtRest(planEnable(BOOT_APPLY, texts, hostOf(session)), session.systemd), session);
  });
  output.note('every boot applies what is declared from now on');
}

/** Takes that back. */
export async function disableBoot(context: Context): Promise<void> {
  const { paths, output } = context;
  const done = await context.writing('apply --disable-boot', async (session) => {
    const { unitFileState } = await session.systemd.state(BOOT_APPLY.main);
    const state = { active: false, enabled: unitFileState.startsWith('enabled') };
    const plan = planDisable(BOOT_APPLY, state, paths);
    if (plan !== undefined) await apply(planAtRest(plan, session.systemd), session);
    return plan !== undefined;
  });
  output.note(done ? 'boots apply nothing from now on' : 'boots apply nothing');
}

/** Orders a boot's apply before the services that are declared now, where boots apply them. */
export async function refreshBoot(session: ApplyOptions): Promise<void> {
  if (!existsSync(session.paths.ownUnits(BOOT_APPLY.name))) return;
  const plan = planRefresh(BOOT_APPLY, await provides(session), hostOf(session));
  if (plan !== undefined) await apply(planAtRest(plan, session.systemd), session);
}

async function provides({ paths, systemd }: ApplyOptions) {
  const declared = Object.keys(readApplied(paths).update).map(parseServiceName);
  return await renderProvides(declared, systemd);
}

function hostOf({ paths, store, warn }: ApplyOptions): OwnUnitsHost {
  return { paths, staging: join(openStaging(store).directory, BOOT_APPLY.name), warn };
}

/** A boot has no working directory, and nothing that a shell has open now. */
function bootArguments({ file, from, prune, locked, authfile }: BootOptions): string[] {
  if (file === '-') {
    throw new BerthError('usage', 'a boot has no standard input: -f -', { hint: 'name a file' });
  }
  const places = { '--file': file, '--from': from, '--authfile': authfile };
  for (const [option, path] of Object.entries(places)) {
    if (path === undefined || !(isPipe(path) || OF_A_PROCESS.test(resolve(path)))) continue;
    throw new BerthError('usage', `a boot has no such file: ${option} ${path}`, {
      hint: 'name one on a disk',
    });
  }
  return [
    ...Object.entries(places).flatMap(([option, path]) =>
      path === undefined ? [] : [option, resolve(path)],
    ),
    ...(prune === true ? ['--prune'] : []),
    ...(locked === true ? ['--locked'] : []),
  ];
}
