import type { Command } from 'commander';
import { examine, type NamedFinding } from '../../doctor/examine.ts';
import { BerthError } from '../../errors.ts';
import type { Paths } from '../../paths.ts';
import type { Context } from '../context.ts';
import type { Color } from '../output.ts';
import { ownCommand } from '../own-command.ts';

const COLORS: Record<NamedFinding['state'], Color> = {
  ok: 'green',
  warning: 'yellow',
  problem: 'red',
  unseen: 'dim',
};

/** `berth doctor`: whether the host has what berth needs, and what is left over on it. */
export function addDoctor(program: Command, context: Context): void {
  program
    .command('doctor')
    .description('check what berth needs of the host; ends with 1 when something is wrong')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExample:\n  berth doctor --json')
    .action(async ({ json }: { json?: boolean }) => {
      const { paths, env, output } = context;
      const systemd = context.systemd();
      const findings = await examine({ paths, env, systemd, program: findProgram(paths) });
      const well = findings.every(({ state }) => state !== 'problem');
      if (json) output.json({ well, findings });
      else tell(findings, context);
      if (!well) context.endWith('unit-failed');
    });
}

function tell(findings: readonly NamedFinding[], { output }: Context): void {
  output.table(
    ['CHECK', 'STATE', 'FOUND'],
    findings.map(({ check, state, what }) => [check, state, what]),
    {
      paint: (text, column) => (column === 1 ? COLORS[text as NamedFinding['state']] : undefined),
      elastic: 2,
      wraps: true,
    },
  );
  // Several matters may be mended by one command.
  for (const hint of new Set(findings.map((finding) => finding.hint))) {
    if (hint !== null) output.note(`Hint: ${hint}`);
  }
}

/** Below a root there may be no berth, and no unit of it either. */
function findProgram(paths: Paths): string[] | undefined {
  try {
    return ownCommand(paths);
  } catch (error) {
    if (error instanceof BerthError) return undefined;
    throw error;
  }
}
