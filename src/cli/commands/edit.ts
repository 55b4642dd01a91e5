import type { Command } from 'commander';
import { stringify } from 'yaml';
import { type DeploymentRecord, readCurrentRecord } from '../../deployment/record.ts';
import { FORCED_VARIABLES } from '../../deployment/template/values.ts';
import { parseValues } from '../../deployment/template/values-file.ts';
import { BerthError } from '../../errors.ts';
import type { Context } from '../context.ts';
import { editDropIn } from '../edit-drop-in.ts';
import { editText } from '../edit-text.ts';
import { SOAK } from '../soak.ts';
import { updateTargets } from '../update-targets.ts';
import { updateServices } from './update.ts';

interface EditOptions {
  dropIn?: boolean;
  restart?: boolean;
  authfile?: string;
  soak: string;
}

/** `berth edit`: the variables of a service, or the drop-in of its unit, in an editor. */
export function addEdit(program: Command, context: Context): void {
  program
    .command('edit')
    .description(
      'edit the variables of a service, or a drop-in of its unit, in $VISUAL or $EDITOR; go back by itself when it does not work',
    )
    .argument('<name>', 'service')
    .option('--drop-in', 'edit the drop-in that systemctl edit edits; without a directive it is removed')
    .option('--restart', 'with --drop-in: restart the service if it runs')
    .option('--authfile <file>', 'credentials for registries')
    .option('--soak <time>', 'watch the restarted service for this time', SOAK)
    .addHelpText('after', '\nExamples:\n  EDITOR=nano berth edit web\n  berth edit --drop-in --restart web')
    .action((name: string, options: EditOptions) => {
      if (options.dropIn) return editDropIn(name, options.restart ?? false, context);
      if (!options.restart) return edit(name, options, context);
      throw new BerthError('usage', '--restart is for --drop-in: a change of variables restarts by itself', {
        hint: `berth edit --drop-in --restart ${name}`,
      });
    });
}

async function edit(name: string, options: EditOptions, context: Context): Promise<void> {
  const targets = await updateTargets([name], { ...options, set: [] }, context);
  const [target] = targets;
  const record = target && readCurrentRecord(context.paths, target.name);
  if (record === undefined) return;
  const hint = `berth set ${record.service} VARIABLE=VALUE`;
  const request = { text: formatValues(record), fileName: `${record.service}.yaml`, hint };
  await editText(request, context, async (text, file) => {
    const settings = parseValues(text, file);
    const edited = targets.map((one) => ({
      ...one,
      request: (before: Parameters<typeof one.request>[0]) => ({ ...one.request(before), settings }),
    }));
    await updateServices(`edit ${name}`, edited, { ...options, rollback: true }, context);
  });
}

/** What the person set, and behind it, as comments, what else can be set. */
function formatValues({ service, userValues, values }: DeploymentRecord): string {
  const others = Object.entries(values).filter(
    ([name]) => !Object.hasOwn(userValues, name) && !FORCED_VARIABLES.includes(name),
  );
  const own = Object.keys(userValues).length === 0 ? '' : stringify(userValues, { lineWidth: 0 });
  const comments = others.map(([name, value]) => {
    const line = stringify({ [name]: value }, { lineWidth: 0 }).trimEnd();
    return `${line.replace(/^/gm, '# ')}\n`;
  });
  return [
    `# Variables of ${service}. A line that is taken away, or is a comment, is as the image has it.\n`,
    own,
    ...comments,
  ].join('');
}
