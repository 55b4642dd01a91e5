import { BerthError, messageOf } from '../errors.ts';
import { findProgram } from '../linux/find-program.ts';

const DIRECTORIES = ['/usr/bin', '/bin', '/usr/lib/systemd', '/lib/systemd'];

/** The absolute path of a program of systemd: PATH has no say. Throws `systemd-unreachable` where there is none. */
export async function hostProgram(name: string): Promise<string> {
  const path = findProgram(name, DIRECTORIES);
  if (path !== undefined) return path;
  throw new BerthError(
    'systemd-unreachable',
    `program not found: ${name}: not in ${DIRECTORIES.join(', ')}`,
    {
      hint: 'install systemd',
    },
  );
}

/**
 * Runs a program of systemd to its end. Throws `systemd-refused` with its standard error when it
 * fails; `what` begins the message.
 */
export async function runHostProgram(name: string, args: string[], what: string): Promise<void> {
  const path = await hostProgram(name);
  // Loaded here and wherever a program is run: it takes longer than all that commands like `list` do.
  const { execa } = await import('execa');
  try {
    await execa(path, args, { stdin: 'ignore', stdout: 'ignore', timeout: 120_000, cwd: '/' });
  } catch (error) {
    const stderr = error instanceof Error && 'stderr' in error ? String(error.stderr).trim() : '';
    throw new BerthError('systemd-refused', `${what}: ${name}: ${stderr || messageOf(error)}`, {
      cause: error,
    });
  }
}
