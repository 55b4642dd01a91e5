import { BerthError } from '../errors.ts';
import type { Culprit } from './culprit.ts';
import { describeEnd, isFailure, type ProcessEnd } from './exit-status.ts';
import { journalLines } from './journal.ts';
import type { JobResult, UnitFailure } from './systemd.ts';
import type { UnitName } from './unit-name.ts';
import { type BusProperties, invocationOf } from './unit-state.ts';

const LINES = 10;

const NOT_INSTALLED = 'not installed';

// Commands in the order in which systemd runs them: the first that failed is the cause.
const COMMANDS = ['ExecCondition', 'ExecStartPre', 'ExecStart', 'ExecStartPost'];

/** How a unit failed, and what it logged last, in its last invocation unless another is given. A journal that cannot be read leaves the lines out. */
export async function readFailure(
  unit: UnitName,
  job: JobResult,
  properties: BusProperties,
  invocation = invocationOf(properties),
): Promise<UnitFailure> {
  const reason = describeFailure(job, properties);
  // What a unit that is gone said when it was there explains nothing.
  const log = reason === NOT_INSTALLED ? [] : await journalLines(unit, invocation, LINES);
  return { reason, log };
}

/** The error `unit-failed` of a unit whose start job did not end well. */
export function startFailure(unit: UnitName, { reason, log }: UnitFailure): BerthError {
  return new BerthError('unit-failed', `cannot start: ${unit}: ${reason}${indented(log)}`, {
    hint: whereToLook(unit, log),
  });
}

/** The hint for a unit that does not run, by what it logged last. */
export function whereToLook(unit: string, log: readonly string[]): string {
  return log.some(isAddressTaken) ? 'see who listens there: ss -tulnp' : `journalctl -u ${unit}`;
}

/** What systemd says of a socket, and most servers of their own: strerror(EADDRINUSE). */
function isAddressTaken(line: string): boolean {
  return line.includes('Address already in use');
}

/** The error `unit-failed` of a unit that was not even tried, because one that it needs failed. */
export function dependencyFailure(unit: UnitName, culprit: Culprit): BerthError {
  const what = `${describeCulprit(culprit)}${indented(culprit.failure.log)}`;
  return new BerthError('unit-failed', `cannot start: ${unit}: ${what}`, {
    hint: `journalctl -u ${culprit.unit}`,
  });
}

/** Such as "etcd.service failed (exit-code), which flanneld.service needs, which it needs". */
export function describeCulprit({ unit, between, failure }: Culprit): string {
  const needing = [...between.toReversed(), 'it'].map((other) => `, which ${other} needs`);
  const what = failure.reason === NOT_INSTALLED ? `is ${NOT_INSTALLED}` : `failed (${failure.reason})`;
  return `${unit} ${what}${needing.join('')}`;
}

function indented(lines: readonly string[]): string {
  return lines.map((line) => `\n  ${line}`).join('');
}

/** Such as "exit-code, ExecStartPre /usr/bin/x: exit status 203/EXEC". */
export function describeFailure(job: JobResult, properties: BusProperties): string {
  const loadState = properties.get('LoadState');
  if (loadState === 'not-found') return NOT_INSTALLED;
  if (loadState !== undefined && loadState !== 'loaded') return `the unit is ${loadState}`;
  if (job === 'dependency') return 'a unit that it requires did not start';
  if (job === 'canceled') return 'another job replaced this one';
  if (job === 'skipped') return 'systemd skipped it';
  const result = properties.get('Result');
  const reason = typeof result === 'string' && result !== 'success' ? result : job;
  const process = failedCommand(properties) ?? mainProcess(properties);
  if (process !== undefined) return `${reason}, ${process}`;
  // A service that ended well, and was not to end, has no other reason.
  return reason === 'failed' && Number(properties.get('ExecMainCode')) === 1 ? 'exit status 0' : reason;
}

function mainProcess(properties: BusProperties): string | undefined {
  const end = {
    code: Number(properties.get('ExecMainCode')),
    status: Number(properties.get('ExecMainStatus')),
  };
  return isFailure(end) ? `main process: ${describeEnd(end)}` : undefined;
}

/** The main process has properties of its own; of another command only the list of commands tells. */
function failedCommand(properties: BusProperties): string | undefined {
  for (const key of COMMANDS) {
    const commands = properties.get(key);
    for (const command of Array.isArray(commands) ? commands : []) {
      // a(sasbttttuii): path, argv, whether failure is ignored, four times, PID, CLD code, status
      const [path, , ignored, , , , , , code, status]: unknown[] = command;
      const end: ProcessEnd = { code: Number(code), status: Number(status) };
      if (ignored !== true && isFailure(end)) return `${key} ${path}: ${describeEnd(end)}`;
    }
  }
  return undefined;
}
