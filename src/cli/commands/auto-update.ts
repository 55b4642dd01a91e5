import { join } from 'node:path';
import type { Command } from 'commander';
import { apply } from '../../deployment/apply/apply.ts';
import { AUTO_UPDATE, renderUnits, SERVICE, TIMER } from '../../deployment/auto-update/render-units.ts';
import { planDisable, planEnable } from '../../deployment/own-units.ts';
import { planAtRest } from '../../deployment/plan/plan-at-rest.ts';
import { loadSettings } from '../../settings.ts';
import { openStaging } from '../../store/staging.ts';
import type { Context } from '../context.ts';
import { ownCommand } from '../own-command.ts';

/** `berth auto-update`: the timer that updates services by night. */
export function addAutoUpdate(program: Command, context: Context): void {
  const command = program
    .command('auto-update')
    .description('update services by a timer, which is off until it is enabled');
  command
    .command('enable')
    .description('install and start the timer, or bring it up to date with berth.yaml')
    .addHelpText('after', '\nExample:\n  berth auto-update enable')
    .action(() => enable(context));
  command
    .command('disable')
    .description('stop and remove the timer')
    .addHelpText('after', '\nExample:\n  berth auto-update disable')
    .action(() => disable(context));
  command
    .command('status')
    .description('show when services are updated, and how the last time went')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExample:\n  berth auto-update status')
    .action((options: { json?: boolean }) => status(options, context));
}

async function enable(context: Context): Promise<void> {
  const { paths, output } = context;
  const units = renderUnits(ownCommand(paths), loadSettings(paths).autoUpdate);
  await context.writing('auto-update enable', async (session) => {
    const staging = join(openStaging(session.store).directory, 'auto-update');
    const plan = planEnable(AUTO_UPDATE, units, { paths, staging, warn: session.warn });
    await apply(planAtRest(plan, session.systemd), session);
  });
  output.note('services are updated by themselves from now on');
}

async function disable(context: Context): Promise<void> {
  const { paths, output } = context;
  const done = await context.writing('auto-update disable', async (session) => {
    const { activeState, unitFileState } = await session.systemd.state(TIMER);
    const plan = planDisable(
      AUTO_UPDATE,
      { active: activeState === 'active', enabled: unitFileState.startsWith('enabled') },
      paths,
    );
    if (plan !== undefined) await apply(planAtRest(plan, session.systemd), session);
    return plan !== undefined;
  });
  output.note(done ? 'services are updated by hand from now on' : 'the timer is not installed');
}

async function status({ json }: { json?: boolean }, context: Context): Promise<void> {
  const systemd = context.systemd();
  const { window, exclude } = loadSettings(context.paths).autoUpdate;
  const [timer, service] = await Promise.all([systemd.state(TIMER), systemd.state(SERVICE)]);
  const enabled = timer.unitFileState.startsWith('enabled');
  const found = {
    enabled,
    active: timer.activeState === 'active',
    next: enabled ? timeOf(await systemd.nextElapse(TIMER)) : null,
    last: timeOf(service.stateChanged),
    lastResult: service.stateChanged > 0 ? service.result : null,
    window: window === undefined ? null : `${window.begin}-${window.end}`,
    exclude,
  };
  const { output } = context;
  if (json) {
    output.json(found);
    return;
  }
  const facts: [string, string | null][] = [
    ['enabled', found.enabled ? 'yes' : 'no'],
    ['next', found.next === null ? null : output.moment(found.next)],
    ['last', found.last === null ? null : `${output.moment(found.last)} (${found.lastResult})`],
    ['window', found.window],
    ['left alone', exclude.length === 0 ? null : exclude.join(', ')],
  ];
  output.data(facts.map(([key, value]) => `${key.padEnd(12)}${value ?? '-'}`).join('\n'));
}

/** RFC 3339, UTC; null for never, which systemd also says as the end of its time. */
function timeOf(microseconds: number): string | null {
  const milliseconds = microseconds / 1000;
  return milliseconds > 0 && milliseconds < 8.64e15 ? new Date(milliseconds).toISOString() : null;
}
