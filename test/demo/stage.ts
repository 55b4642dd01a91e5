import { styleText } from 'node:util';
import { Host, type HostOptions } from '../host/host.ts';

/** Boots a host for a part of the demo, and checks in the end that nothing of it stays on this machine. */
export async function onHost(options: HostOptions, part: (host: Host) => Promise<void>): Promise<void> {
  let name: string;
  {
    await using host = await Host.boot({ registry: true, hostname: 'demo', ...options });
    name = host.name;
    await host.sh(
      'mkdir -p /etc/berth; echo "registries: { search: [\'127.0.0.1:5000\'] }" >/etc/berth/berth.yaml',
    );
    await part(host);
  }
  const left = await Host.leftovers(name);
  expect(left.length === 0, `left on this machine: ${left.join(', ')}`);
}

export function say(text: string): void {
  console.log(`\n${styleText('bold', `# ${text}`)}`);
}

/** Prints a command line as a person would type it. */
export function prompt(command: string): void {
  console.log(styleText('green', `$ ${command}`));
}

/** Runs a command line in the host and prints both; ends the demo unless it succeeds and says what it must. */
export async function show(host: Host, command: string, expected?: RegExp): Promise<string> {
  prompt(command);
  const { combined, stdout, exitCode } = await host.run('bash', ['-c', command]);
  if (combined !== '') console.log(combined);
  expect(exitCode === 0, `exit status ${exitCode}`);
  if (expected !== undefined) expect(expected.test(stdout), `this was to match ${expected}`);
  return stdout;
}

export function expect(holds: boolean, otherwise: string): void {
  if (holds) return;
  console.error(styleText('red', `The demo failed: ${otherwise}`));
  // Throwing, not exiting, so that the host is taken down.
  throw new Error('the demo failed');
}
