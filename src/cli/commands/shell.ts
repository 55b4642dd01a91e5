import type { Command } from 'commander';
import { BerthError } from '../../errors.ts';
import type { Context } from '../context.ts';
import { lookIn, type RunningContainer, runningContainer } from '../running-container.ts';
import { type ExecRequest, execIn } from './exec.ts';

// The most comfortable first; images that are built from nothing may have busybox in a directory of its own.
const SHELLS = ['/bin/bash', '/usr/bin/bash', '/bin/ash', '/bin/sh', '/usr/bin/sh', '/busybox/sh'];

/** `berth shell`: a shell of the image's own, inside a service. */
export function addShell(program: Command, context: Context): void {
  program
    .command('shell')
    .description('open a shell inside a running service: the first that its image has')
    .argument('<name>', 'service')
    .option('-u, --user <user>', 'user of the image, UID, or either with :GROUP, instead of the service’s')
    .addHelpText('after', '\nExample:\n  berth shell -u root web')
    .action(async (name: string, options: Pick<ExecRequest, 'user'>) => {
      const container = await runningContainer(name, context);
      const how = { ...options, interactive: true, tty: true, env: [] };
      context.endWith(await execIn(container, [findShell(container)], how));
    });
}

function findShell(container: RunningContainer): string {
  const { name, pid } = container;
  const look = lookIn(container);
  const shell = SHELLS.find((path) => look(path) === undefined);
  if (shell !== undefined) return shell;
  throw new BerthError('program-not-found', `no shell: ${name}: its image has none of ${SHELLS.join(', ')}`, {
    hint: `a shell of the host in the service's place: nsenter --target ${pid} --net --ipc --uts --pid bash`,
  });
}
