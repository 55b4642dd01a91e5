import type { Command } from 'commander';
import { type HiddenDeployment, type Origin, readOrigin } from '../../deployment/origin.ts';
import { readCurrentRecord } from '../../deployment/record.ts';
import { readStatus, type ServiceStatus } from '../../deployment/status.ts';
import { Snapshot } from '../../systemd/snapshot.ts';
import { withDetail } from '../../systemd/unit-state.ts';
import type { Context } from '../context.ts';
import { toSecond } from '../moment.ts';
import { namedServices } from '../named-services.ts';
import { shortDigest } from '../short-digest.ts';

/** `berth status`: how services are, and why one does not run. */
export function addStatus(program: Command, context: Context): void {
  program
    .command('status')
    .description('show how services are and why one does not run; ends with 3 when a named one does not')
    .argument('[name...]', 'services; all without any')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExample:\n  berth status web')
    .action(async (texts: string[], options: { json?: boolean }) => {
      const { output, paths } = context;
      const names = namedServices(texts, paths);
      const records = names.flatMap((name) => readCurrentRecord(paths, name) ?? []);
      const systemd = new Snapshot(context.systemd());
      await systemd.read(records.flatMap(({ units }) => units));
      const statuses = await Promise.all(
        records.map(async (record) => ({
          ...(await readStatus(record, systemd)),
          ...readOrigin(record, paths),
        })),
      );
      if (options.json) output.json(statuses);
      else if (statuses.length > 0) output.data(statuses.map(describe).join('\n\n'));
      const resting = statuses.some(({ running, units }) => !running && units.length > 0);
      if (texts.length > 0 && resting) context.endWith('not-running');
    });
}

type ShownStatus = ServiceStatus & Origin;

function describe(status: ShownStatus): string {
  const { name, state, subState, since, culprit } = status;
  const when = since === null ? '' : ` since ${toSecond(since)}`;
  const facts = factsOf(status).filter(([, value]) => value !== '');
  const log =
    culprit === null || culprit.log.length === 0 ? [] : [`last lines of ${culprit.unit}:`, ...culprit.log];
  return [
    `${name}  ${withDetail(state, subState)}${when}`,
    ...facts.map(([key, value]) => `  ${key.padEnd(10)}${value}`),
    ...log.map((line, index) => `  ${index === 0 ? '' : '  '}${line}`),
  ].join('\n');
}

function factsOf(status: ShownStatus): [string, string][] {
  const { why, image, digest, rootfs, deployment, origin, hides, enabled, mainPid, units, requires, after } =
    status;
  const others = units
    .slice(1)
    .map(({ name, state, subState }) => `, ${name}: ${withDetail(state, subState)}`);
  return [
    ['why', why ?? ''],
    ['image', `${image} (${shortDigest(digest)}), deployment ${deployment}`],
    ['origin', hides === null ? (origin === 'vendor' ? origin : '') : describeHidden(hides, status)],
    ['runs on', rootfs ?? ''],
    ['enabled', enabled],
    ['main PID', mainPid === null ? '' : String(mainPid)],
    ['units', `${units[0]?.name ?? ''}${others.join('')}`],
    ['requires', requires.join(', ')],
    ['after', after.join(', ')],
  ];
}

function describeHidden(hidden: HiddenDeployment, { name }: ShownStatus): string {
  const what = `hides the vendor's deployment ${hidden.number} (${shortDigest(hidden.digest)})`;
  return hidden.isNew ? `${what}, which is newer; to go back to it: berth uninstall ${name}` : what;
}
