import type { ApplyOptions } from '../deployment/apply/apply.ts';
import { DROP_IN, readDropIn, writeDropIn } from '../deployment/drop-in.ts';
import { readCurrentRecord } from '../deployment/record.ts';
import { BerthError, messageOf } from '../errors.ts';
import { checkDropIn } from '../systemd/check-drop-in.ts';
import type { Context } from './context.ts';
import { editText } from './edit-text.ts';
import { namedServices } from './named-services.ts';

/**
 * Has a person edit the drop-in of a service's unit, and tells systemd. It is the unit's and not a deployment's: updates
 * and rollbacks leave it alone. `restart` restarts a service that runs, and goes back when that fails. Throws `usage`,
 * `service-not-found`, `unit-invalid`, `host-file-conflict`, `unit-failed`, `io`.
 */
export async function editDropIn(name: string, restart: boolean, context: Context): Promise<void> {
  const { paths } = context;
  const unit = unitOf(name, context);
  const file = paths.unit(`${unit}.d/${DROP_IN}`);
  const before = readDropIn(file);
  const heading = `# Drop-in of ${unit}. What it says goes before the unit; one that says nothing is removed.\n`;
  const hint = `write ${file}, then systemctl daemon-reload`;
  await editText({ text: heading + before, fileName: DROP_IN, hint }, context, async (edited) => {
    const after = /^\s*[^#;\s]/m.test(edited) ? edited.replace(heading, '') : '';
    await context.writing(`edit --drop-in ${name}`, async (session) => {
      if (readDropIn(file) !== before) {
        throw new BerthError(
          'host-file-conflict',
          `cannot write: ${file}: somebody has changed it meanwhile`,
          {
            hint: `berth edit --drop-in ${name}`,
          },
        );
      }
      await refuseMistakes(unit, after, session);
      await put(file, after, session);
      context.output.note(after === '' ? `removed ${file}` : `wrote ${file}`);
      await restartOrTell(unit, restart, session, context, () => put(file, before, session));
    });
  });
}

function unitOf(name: string, { paths }: Context): string {
  const [service] = namedServices([name], paths);
  const [unit] = (service && readCurrentRecord(paths, service)?.units) ?? [];
  if (unit !== undefined) return unit;
  throw new BerthError('usage', `nothing to edit: ${name}: its image has no service`, {
    hint: `berth inspect ${name}`,
  });
}

async function refuseMistakes(unit: string, text: string, { systemd }: ApplyOptions): Promise<void> {
  const { fragmentPath } = await systemd.state(unit);
  // Below another root, the units beside it are not those that would be looked at.
  if (!systemd.live || fragmentPath === '' || text === '') return;
  const mistakes = await checkDropIn(unit, fragmentPath, { name: DROP_IN, text });
  if (mistakes.length === 0) return;
  throw new BerthError('unit-invalid', `not a drop-in for ${unit}: ${mistakes.join('; ')}`, {
    hint: 'man systemd.unit systemd.exec systemd.service',
  });
}

async function put(file: string, text: string, { systemd }: ApplyOptions): Promise<void> {
  writeDropIn(file, text);
  await systemd.reload();
}

async function restartOrTell(
  unit: string,
  restart: boolean,
  { systemd }: ApplyOptions,
  { output }: Context,
  undo: () => Promise<void>,
): Promise<void> {
  if (!systemd.live || (await systemd.state(unit)).activeState !== 'active') return;
  if (!restart) {
    output.note(`${unit} runs on as it is; systemctl restart ${unit} has it do what the drop-in says`);
    return;
  }
  try {
    await systemd.restart(unit);
    output.note(`restarted ${unit}`);
  } catch (error) {
    try {
      await undo();
      await systemd.restart(unit);
      output.note(`went back: the drop-in is as it was, and ${unit} runs`);
    } catch (second) {
      output.warn(`cannot go back: ${messageOf(second)}`);
    }
    throw error;
  }
}
