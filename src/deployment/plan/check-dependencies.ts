import { join } from 'node:path';
import { BerthError } from '../../errors.ts';
import type { Paths } from '../../paths.ts';
import { readFileLinks } from '../../systemd/file-links.ts';
import { loadGraph } from '../../systemd/load-graph.ts';
import type { Systemd } from '../../systemd/systemd.ts';
import { UnitFiles } from '../../systemd/unit-files.ts';
import type { UnitGraph } from '../../systemd/unit-graph.ts';
import { NEEDS, type UnitLinks } from '../../systemd/unit-links.ts';
import { findCycle, orderUnits } from '../../systemd/unit-order.ts';
import { type DeploymentRecord, mainUnit } from '../record.ts';
import type { Step } from './plan.ts';

export interface DependencyHost {
  paths: Paths;
  systemd: Systemd;
  warn(text: string): void;
}

/** A deployment that is to be the live one, and where its files are now. */
export interface ComingDeployment {
  record: DeploymentRecord;
  directory: string;
  files: readonly { type: string; path: string; source?: string }[];
}

/** The graph of staged deployments and of the host's units that they have to do with. */
export async function stagedGraph(
  staged: readonly ComingDeployment[],
  { paths, systemd }: DependencyHost,
): Promise<UnitGraph> {
  const planned = plannedLinks(staged, paths);
  const units = staged.flatMap(({ record }) => record.units);
  return await loadGraph(systemd, units, planned);
}

/** systemd cannot tell of units that are not there yet: their files can. */
function plannedLinks(staged: readonly ComingDeployment[], paths: Paths): UnitLinks[] {
  const added = new Map(
    staged.flatMap(({ directory, files }) =>
      files.flatMap((file) =>
        file.type === 'file' && file.source !== undefined
          ? [[file.path, join(directory, file.source)] as const]
          : [],
      ),
    ),
  );
  const unitFiles = new UnitFiles(paths, added);
  return staged.flatMap(({ record }) =>
    record.units.map((unit) => readFileLinks(unitFiles, unit, record.enabled && unit === mainUnit(record))),
  );
}

/**
 * Throws `dependency-cycle` when units of these deployments would wait for each other, and
 * `dependency-missing` when they need a unit that nothing brings; with `force` that is a warning.
 */
export function checkDependencies(
  staged: readonly ComingDeployment[],
  graph: UnitGraph,
  { force, warn, verb = 'install' }: { force: boolean; warn(text: string): void; verb?: string },
): void {
  const names = staged.map(({ record }) => record.service).join(' ');
  const units = staged.flatMap(({ record }) => record.units);
  const cycle = findCycle(graph, units);
  if (cycle !== undefined) {
    throw new BerthError(
      'dependency-cycle',
      `cannot ${verb} ${names}: units would wait for each other: ${cycle.join(' → ')}`,
      {
        hint: `see what they wait for: systemctl show --property After,Before ${[...new Set(cycle)].join(' ')}`,
      },
    );
  }
  const missing = units.flatMap((unit) => missingOf(unit, graph));
  if (missing.length === 0) return;
  if (force) {
    for (const { text } of missing) warn(`${text}: it will not start`);
    return;
  }
  throw new BerthError(
    'dependency-missing',
    `cannot ${verb} ${names}: ${missing.map(({ text }) => text).join('; ')}`,
    { hint: `${verb === 'install' ? INSTALL_ANYWAY : ''}${commandsFor(missing)}` },
  );
}

// The others come from the kernel or from systemd when their time has come.
const FROM_FILES = /\.(?:service|socket|target|timer|path)$/;

interface Missing {
  unit: string;
  masked: boolean;
  text: string;
}

function missingOf(unit: string, graph: UnitGraph): Missing[] {
  return graph.targets(unit, ...NEEDS).flatMap((needed) => {
    const state = graph.loadState(needed);
    if (!FROM_FILES.test(needed) || (state !== 'not-found' && state !== 'masked')) return [];
    const masked = state === 'masked';
    const text = `${unit} requires ${needed}, which is ${masked ? 'masked' : 'not installed'}`;
    return [{ unit: needed, masked, text }];
  });
}

// An update would stop what runs for what cannot start.
const INSTALL_ANYWAY = 'all in one command, or in spite of it with --force, or first: ';

function commandsFor(missing: readonly Missing[]): string {
  const units = (masked: boolean) => [
    ...new Set(missing.filter((one) => one.masked === masked).map(({ unit }) => unit)),
  ];
  const absent = units(false).map((unit) => unit.replace(/\.[a-z]+$/, ''));
  const commands = [
    ...(units(true).length > 0 ? [`systemctl unmask ${units(true).join(' ')}`] : []),
    ...(absent.length > 0 ? [`berth install ${[...new Set(absent)].join(' ')}`] : []),
  ];
  return commands.join('; ');
}

/** The deployments in the order in which their services can start. */
export function inStartOrder<Coming extends ComingDeployment>(
  staged: readonly Coming[],
  graph: UnitGraph,
): Coming[] {
  const order = orderUnits(
    graph,
    staged.flatMap(({ record }) => record.units),
  );
  const place = ({ record }: Coming) =>
    record.units[0] === undefined ? -1 : order.indexOf(graph.name(record.units[0]));
  return staged.toSorted((a, b) => place(a) - place(b));
}

/** The steps with those that start a unit knowing which of the others need it, directly or not. */
export function nameDependents(steps: readonly Step[], graph: UnitGraph): Step[] {
  const started = steps.flatMap((step) => (step.kind === 'start' ? [step.unit] : []));
  return steps.map((step) => {
    if (step.kind !== 'start') return step;
    const needing = graph.reachedFrom(step.unit, ...NEEDS);
    const dependents = started.filter((unit) => needing.includes(graph.name(unit)));
    return dependents.length === 0 ? step : { ...step, dependents };
  });
}
