import { existsSync } from 'node:fs';
import { AUTO_UPDATE, renderUnits, SERVICE, TIMER } from '../deployment/auto-update/render-units.ts';
import { compareInstalled } from '../deployment/compare-installed.ts';
import { installedText, installedUnit } from '../deployment/own-units.ts';
import type { Paths } from '../paths.ts';
import { type Check, type Finding, ok, orElse, type Patient, problem, unseen, warning } from './check.ts';
import { readableSettings } from './readable-settings.ts';

/** Whether the timer, where it is wanted, does what berth.yaml says and what it did last went well. */
export const autoUpdateCheck: Check = {
  name: 'auto-update',
  live: false,
  async find(patient) {
    const { paths } = patient;
    if (process.getuid?.() !== 0 && existsSync(paths.ownUnits(AUTO_UPDATE.name))) {
      return [unseen('whether its units are as berth.yaml says')];
    }
    if (installedText(AUTO_UPDATE, TIMER, paths) === undefined) return [ok('not enabled')];
    const wanted = wantedUnits(patient);
    const findings = [...drift(wanted, paths), ...(paths.root === '/' ? await state(patient) : [])];
    return orElse(findings, wanted === undefined ? `${TIMER} is enabled` : `${TIMER} is as berth.yaml says`);
  },
};

/** Undefined where nobody can say. */
function wantedUnits({ paths, program }: Patient): ReadonlyMap<string, string> | undefined {
  const settings = readableSettings(paths);
  return program && settings && renderUnits(program, settings.autoUpdate);
}

function drift(wanted: ReadonlyMap<string, string> | undefined, paths: Paths): Finding[] {
  return AUTO_UPDATE.files.flatMap((file) => [
    ...changed(file, paths),
    ...(wanted === undefined || installedText(AUTO_UPDATE, file, paths) === wanted.get(file)
      ? []
      : [problem(`${file} is not what berth.yaml and this berth make of it`, 'berth auto-update enable')]),
  ]);
}

function changed(file: string, paths: Paths): Finding[] {
  const unit = installedUnit(AUTO_UPDATE, file, paths);
  if (unit === undefined) return [];
  switch (compareInstalled(paths.locate(unit.path), unit)) {
    case 'unchanged':
      return [];
    case 'absent':
      return [problem(`no such file: ${unit.path}`, 'berth auto-update enable')];
    case 'changed':
      return [
        warning(
          `changed by hand, and left alone: ${unit.path}`,
          `diff ${paths.ownUnits(AUTO_UPDATE.name)}/${file} ${unit.path}`,
        ),
      ];
  }
}

async function state({ systemd }: Patient): Promise<Finding[]> {
  const [timer, service] = await Promise.all([systemd.state(TIMER), systemd.state(SERVICE)]);
  const runs = timer.activeState === 'active' && timer.unitFileState.startsWith('enabled');
  return [
    ...(runs ? [] : [problem(`${TIMER} does not run`, `systemctl enable --now ${TIMER}`)]),
    ...(service.activeState === 'failed'
      ? [problem('the last automatic update failed', `journalctl --unit ${SERVICE}`)]
      : []),
  ];
}
