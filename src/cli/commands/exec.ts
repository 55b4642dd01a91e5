import { existsSync } from 'node:fs';
import type { Command } from 'commander';
import { BerthError } from '../../errors.ts';
import { execInContainer } from '../../runtime/command-line.ts';
import { findImageUser, type ImageUser } from '../../runtime/image-user.ts';
import { requireProgram } from '../../runtime/require-program.ts';
import { commandLine } from '../command-line.ts';
import type { Context } from '../context.ts';
import { runAttached } from '../run-attached.ts';
import { lookIn, type RunningContainer, readConfig, runningContainer } from '../running-container.ts';

/** How a person wants a command to run. */
export interface ExecRequest {
  interactive?: boolean;
  tty?: boolean;
  user?: string;
  workdir?: string;
  env: string[];
}

const collect = (value: string, previous: string[]): string[] => [...previous, value];

/** `berth exec`: a command inside a service. */
export function addExec(program: Command, context: Context): void {
  program
    .command('exec')
    .description('run a command inside a running service; ends with the status of the command')
    .argument('<name>', 'service')
    .argument('<command...>', 'the command, behind -- where it has options')
    .option('-i, --interactive', 'let the command read what berth is given to read')
    .option('-t, --tty', 'give the command a terminal, if berth has one')
    .option('-u, --user <user>', 'user of the image, UID, or either with :GROUP, instead of the service’s')
    .option('-w, --workdir <dir>', 'directory to run in, instead of the service’s')
    .option('-e, --env <NAME=VALUE>', 'set a variable of the environment; may be repeated', collect, [])
    .addHelpText('after', '\nExamples:\n  berth exec web -- ls -l /srv\n  berth exec -it -u root web -- bash')
    .action(async (name: string, command: string[], options: ExecRequest) => {
      const container = await runningContainer(name, context);
      context.endWith(await execIn(container, command, options));
    });
}

/**
 * Runs a command inside a container with berth's own streams; returns its exit status. Throws `usage`, and as
 * `requireProgram`.
 */
export async function execIn(
  container: RunningContainer,
  command: readonly string[],
  { interactive = false, tty = false, user, workdir, env }: ExecRequest,
): Promise<number> {
  const wrong = env.find((variable) => variable.indexOf('=') < 1);
  if (wrong !== undefined) {
    throw new BerthError('usage', `not a variable: --env ${wrong}`, {
      hint: `such as --env ${wrong || 'NAME'}=VALUE`,
    });
  }
  if (workdir !== undefined && !workdir.startsWith('/')) {
    throw new BerthError('usage', `not an absolute path: --workdir ${workdir}`, {
      hint: `--workdir /${workdir}`,
    });
  }
  const own = readConfig(container).process;
  const place = { cwd: workdir ?? own.cwd, env: [...(own.env ?? []), ...env] };
  requireProgram(command[0] ?? '', { ...place, look: lookIn(container) }, container.name);
  const account = user === undefined ? undefined : await findUser(container, user);
  const terminal = tty && process.stdin.isTTY === true;
  if (terminal) refuseWithoutTerminals(container, command);
  const options = {
    terminal,
    directory: workdir,
    user: account,
    // Else it would be that of the service's own user.
    env: [...(account === undefined ? [] : [`HOME=${account.home || '/'}`]), ...env],
  };
  return await runAttached(execInContainer(container, command, options), { stdin: interactive });
}

async function findUser({ name, rootfs }: RunningContainer, user: string): Promise<ImageUser> {
  try {
    return await findImageUser(rootfs, user);
  } catch (error) {
    if (!(error instanceof BerthError && error.code === 'image-config-invalid')) throw error;
    const hint = `berth exec ${name} -- cat /etc/passwd /etc/group`;
    throw new BerthError(error.code, error.message, { hint, cause: error });
  }
}

/** An image may bring a config.json of its own, and with it a /dev where the runtime can make no terminal. */
function refuseWithoutTerminals({ name, pid }: RunningContainer, command: readonly string[]): void {
  if (existsSync(`/proc/${pid}/root/dev/ptmx`)) return;
  throw new BerthError(
    'usage',
    `no terminal can be made: ${name}: its config.json mounts no devpts on /dev/pts`,
    {
      hint: commandLine(['exec', '-i', name, '--', ...command]),
    },
  );
}
