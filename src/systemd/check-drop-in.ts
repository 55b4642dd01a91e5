import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findProgram } from '../linux/find-program.ts';

/**
 * What systemd would say against a unit with a drop-in and does not say without it, a line each. Nothing where this host
 * has no systemd-analyze. `file` is the unit's; a drop-in that has the same name already is not looked at.
 */
export async function checkDropIn(
  unit: string,
  file: string,
  { name, text }: { name: string; text: string },
): Promise<string[]> {
  const analyze = findProgram('systemd-analyze', ['/usr/bin', '/bin']);
  if (analyze === undefined) return [];
  const { execa } = await import('execa');
  // In a directory beside which systemd-analyze looks into those of all units: what is not applied is not in these.
  const directory = mkdtempSync(join(tmpdir(), 'berth-unit-'));
  const dropIn = join(directory, `${unit}.d`, name);
  const complaints = async () => {
    const args = ['verify', '--man=no', join(directory, unit)];
    const { stderr } = await execa(analyze, args, {
      stdin: 'ignore',
      reject: false,
      timeout: 120_000,
      cwd: '/',
    });
    return stderr.split('\n').filter((line) => line !== '');
  };
  try {
    // Under its own name, also for an instance, whose file is that of its template.
    copyFileSync(file, join(directory, unit));
    mkdirSync(join(directory, `${unit}.d`));
    writeFileSync(dropIn, '');
    const before = await complaints();
    writeFileSync(dropIn, text);
    const after = await complaints();
    return after
      .filter((line) => !before.includes(line))
      .map((line) => line.replaceAll(`${directory}/${unit}.d/`, ''));
  } finally {
    rmSync(directory, { recursive: true });
  }
}
