import { BerthError } from '../../errors.ts';
import type { Paths } from '../../paths.ts';
import type { Systemd } from '../../systemd/systemd.ts';
import type { StagedDeployment } from './plan-install.ts';

export interface ShadowHost {
  paths: Paths;
  systemd: Systemd;
  warn(text: string): void;
}

/**
 * Tells of units that would hide one that the distribution ships under the same name, as
 * docker.service may. Throws `unit-conflict` while such a unit runs: systemd would call the new
 * service started, and go on running the old one.
 */
export async function checkShadowed(staged: readonly StagedDeployment[], host: ShadowHost): Promise<void> {
  for (const unit of staged.flatMap(({ record }) => record.units)) {
    const { fragmentPath, activeState } = await host.systemd.state(unit);
    if (fragmentPath === '' || fragmentPath.startsWith(`${host.paths.installed.units}/`)) continue;
    if (!['inactive', 'failed'].includes(activeState)) {
      throw new BerthError(
        'unit-conflict',
        `cannot install: ${unit}: it runs already, from ${fragmentPath}`,
        {
          hint: `systemctl stop ${unit}`,
        },
      );
    }
    host.warn(`${unit} hides ${fragmentPath}, which is not berth's`);
  }
}
