import type { Command } from 'commander';
import { stringify } from 'yaml';
import { type DeploymentRecord, readCurrentRecord } from '../../deployment/record.ts';
import { FORCED_VARIABLES } from '../../deployment/template/values.ts';
import { parseValues } from '../../deployment/template/values-file.ts';
import type { Context } from '../context.ts';
import { editText } from '../edit-text.ts';
import { SOAK } from '../soak.ts';
import { updateTargets } from '../update-targets.ts';
import { updateServices } from './update.ts';

interface EditOptions {
  authfile?: string;
  soak: string;
}

/** `berth edit`: the variables of a service in an editor. */
export function addEdit(program: Command, context: Context): void {
  program
    .command('edit')
    .description(
      'edit the variables of a service in $VISUAL or $EDITOR; go back by itself when it does not work',
    )
    .argument('<name>', 'service')
    .option('--authfile <file>', 'credentials for registries')
    .option('--soak <time>', 'watch the restarted service for this time', SOAK)
    .addHelpText('after', '\nExample:\n  EDITOR=nano berth edit web')
    .action((name: string, options: EditOptions) => edit(name, options, context));
}

async function edit(name: string, options: EditOptions, context: Context): Promise<void> {
  const targets = updateTargets([name], { ...options, set: [] }, context);
  const [target] = targets;
  const record = target && readCurrentRecord(context.paths, target.name);
  if (record === undefined) return;
  await editText(formatValues(record), `${record.service}.yaml`, context, async (text, file) => {
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
