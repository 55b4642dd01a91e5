import { execa } from 'execa';
import { hostProgram } from './host-program.ts';
import type { UnitName } from './unit-name.ts';

const TIMEOUT = 5_000;
const LONGEST = 500;

/**
 * The last lines that a unit's processes logged in one invocation, or, when they logged none, those
 * that systemd logged of it. They are made harmless for a terminal. Empty when the journal cannot be
 * read: lines are a help beside an error, not a reason for another one.
 */
export async function journalLines(
  unit: UnitName,
  invocation: string | undefined,
  count: number,
): Promise<string[]> {
  if (invocation === undefined) return [];
  const options = { timeout: TIMEOUT, stdin: 'ignore', reject: false, maxBuffer: 1024 * 1024 } as const;
  const journalctl = await hostProgram('journalctl').catch(() => undefined);
  if (journalctl === undefined) return [];
  // What was written just before the failure may still be on its way into the journal.
  await execa(journalctl, ['--sync'], options);
  for (const match of [
    [`_SYSTEMD_INVOCATION_ID=${invocation}`, `_SYSTEMD_UNIT=${unit}`],
    [`INVOCATION_ID=${invocation}`],
  ]) {
    const read = ['--quiet', '--no-pager', '--all', '--output=cat', `--lines=${count}`, ...match];
    const { stdout, failed } = await execa(journalctl, read, options);
    const lines = String(stdout ?? '')
      .split('\n')
      .filter((line) => line !== '');
    if (!failed && lines.length > 0) return lines.slice(-count).map(printable);
  }
  return [];
}

/** Without escape sequences, control and bidirectional characters, and not too long. */
export function printable(line: string): string {
  const plain = line
    .replace(/(?:\p{Cc}\[|\u009b)[0-?]*[ -/]*[@-~]/gu, '')
    .replace(/\t/g, ' ')
    .replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '');
  return plain.length > LONGEST ? `${plain.slice(0, LONGEST)}…` : plain;
}
