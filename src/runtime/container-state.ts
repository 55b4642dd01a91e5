import { BerthError } from '../errors.ts';
import { type Container, queryContainer } from './command-line.ts';
import { isObject } from './oci-config.ts';

/**
 * The first process of a service's container, by the number that it has on the host; undefined where no container
 * runs. The unit's main process may be the runtime, which is not in the container. Throws `runtime-missing`.
 */
export async function containerPid(
  container: Pick<Container, 'runtime' | 'name'>,
): Promise<number | undefined> {
  const [program = '', ...args] = queryContainer(container);
  const { execa } = await import('execa');
  const answer = await execa(program, args, { stdin: 'ignore', reject: false, timeout: 10_000, cwd: '/' });
  if (answer.code === 'ENOENT') {
    throw new BerthError('runtime-missing', `no OCI runtime: ${program}: not found`, {
      hint: 'apt install runc || dnf install runc',
    });
  }
  if (answer.failed) return undefined;
  const state: unknown = JSON.parse(answer.stdout);
  if (!isObject(state) || !['running', 'paused'].includes(String(state['status']))) return undefined;
  const pid = Number(state['pid']);
  return pid > 0 ? pid : undefined;
}
