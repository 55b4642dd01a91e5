import {
  type Container,
  createContainer,
  deleteContainer,
  execInContainer,
  startCreated,
} from '../../runtime/command-line.ts';
import { NOTIFY_SOCKET } from '../../runtime/notify.ts';
import { renderPackageTemplate } from '../../runtime/package-template.ts';
import { quoteShellLine, quoteShellWord } from '../../systemd/shell-quote.ts';
import type { UnitFile } from '../../systemd/unit-file.ts';
import { quoteExecLine } from '../../systemd/unit-quote.ts';
import type { Readiness, ReadinessCommand } from './readiness.ts';
import type { UnitAddition } from './unit-additions.ts';

/** The scripts of a deployment, by their names in it. They are all that a start needs beside the runtime. */
export type DeploymentScripts = Partial<Record<'start' | 'ready', string>>;

/** The command line that runs one of the scripts of the deployment in `bundle`, which need not be executable. */
export function scriptCommand(bundle: string, script: keyof DeploymentScripts): string[] {
  return ['/bin/sh', `${bundle}/${script}`];
}

/** What a unit gets so that systemd learns when its service is ready, for what the unit leaves out. */
export function addReadiness(unit: UnitFile, readiness: Readiness, container: Container): UnitAddition[] {
  const service = (key: string, value: string): UnitAddition => ({ section: 'Service', key, value });
  const missing = (key: string) => unit.get('Service', key) === undefined;
  switch (readiness.by) {
    case 'start':
      return [];
    case 'notify':
      return [
        ...(missing('NotifyAccess') ? [service('NotifyAccess', 'all')] : []),
        ...(missing('PIDFile') ? [service('PIDFile', container.pidFile.replaceAll('%', '%%'))] : []),
        // The first process of a container ignores SIGABRT unless it handles it: no use in waiting long.
        ...(readiness.watchdog !== undefined && missing('TimeoutAbortSec')
          ? [service('TimeoutAbortSec', '10')]
          : []),
      ];
    case 'command':
      return [
        // For the script to lengthen the start. The runtime would take the socket for the container, and wait
        // for a message that never comes.
        ...(mayScriptsNotify(unit) ? [] : [service('NotifyAccess', 'exec')]),
        service('UnsetEnvironment', 'NOTIFY_SOCKET'),
        service('ExecStartPost', quoteExecLine(scriptCommand(container.bundle, 'ready'))),
      ];
  }
}

function mayScriptsNotify(unit: UnitFile): boolean {
  return ['exec', 'all'].includes(unit.get('Service', 'NotifyAccess') ?? '');
}

/** The scripts that a unit's commands call. Throws `unit-invalid` for a readiness command with a NUL in it. */
export async function renderScripts(
  unit: string,
  readiness: Readiness,
  container: Container,
): Promise<DeploymentScripts> {
  switch (readiness.by) {
    case 'start':
      return {};
    case 'notify':
      return { start: await renderStart(unit, container) };
    case 'command':
      return { ready: await renderReady(unit, readiness, container) };
  }
}

async function renderStart(unit: string, container: Container): Promise<string> {
  const values = {
    unit,
    create: quoteShellLine(createContainer(container)),
    pidFile: quoteShellWord(container.pidFile),
    start: quoteShellLine(startCreated(container)),
    delete: quoteShellLine(deleteContainer(container)),
  };
  return renderPackageTemplate('start.sh.ejs', values, String);
}

async function renderReady(unit: string, ready: ReadinessCommand, container: Container): Promise<string> {
  const values = {
    unit,
    name: quoteShellWord(container.name),
    text: quoteShellWord(printable(ready.argv.join(' '))),
    socket: NOTIFY_SOCKET,
    limit: ready.limit,
    timeout: ready.timeout,
    exec: quoteShellLine(execInContainer(container, ready.argv)),
  };
  return renderPackageTemplate('ready.sh.ejs', values, String);
}

/** For a status and a log line: a line break would begin a second message to systemd (sd_notify(3)). */
function printable(text: string): string {
  const line = text.replace(/[\s\p{C}\p{Zl}\p{Zp}]+/gu, ' ').trim();
  return line.length > 160 ? `${line.slice(0, 160).toWellFormed()}…` : line;
}
