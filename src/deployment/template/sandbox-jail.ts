import { spawn } from 'node:child_process';
import { BerthError, isErrno } from '../../errors.ts';

// Node's permission model alone is no wall against code that means harm, so there are two: the kernel's (an
// unused user, no capabilities, no network, no other process in sight, a root directory that holds
// nothing but Node and its libraries) and Node's.

const WALL_CLOCK = 10_000;
const MAX_OUTPUT = 8 * 1024 * 1024;
const MAX_DIAGNOSTIC = 16 * 1024;
const READY = 'berth-sandbox\n';

// Of the range that systemd leaves unused (65520 to 65533), so that no other process has this user and
// RLIMIT_NPROC counts only the template's.
const USER = 65533;

// Runs as the first process of its own PID namespace: when it ends, for whatever reason, so does all in it.
// /sys becomes the root directory because nothing that Node is made of lies there.
const SCRIPT = `set -eu
node=$1
/bin/mount -t tmpfs -o nosuid,nodev,mode=0755,size=64k,nr_inodes=256 tmpfs /sys
for file do
  /bin/mkdir -p "/sys\${file%/*}"
  : >"/sys$file"
  /bin/mount --bind -o ro "$file" "/sys$file"
done
/bin/mount -o remount,ro /sys
/usr/bin/prlimit --cpu=3 --data=268435456 --fsize=0 --nproc=64 --nofile=64 --core=0 -- \\
  /usr/bin/setpriv --no-new-privs --inh-caps=-all --bounding-set=-all,+sys_chroot,+setuid,+setgid -- \\
  /usr/bin/env -i \\
  /usr/bin/unshare --root=/sys --wd=/ --setgid=${USER} --setuid=${USER} -- \\
  "$node" --permission --jitless --max-old-space-size=64 --no-warnings -
exit
`;

const COMMAND = [
  '/usr/bin/setpriv',
  // Should berth be killed, the sandbox goes with it.
  '--pdeathsig=KILL',
  '--',
  '/usr/bin/unshare',
  ...['--mount', '--pid', '--net', '--ipc', '--uts', '--cgroup', '--fork', '--kill-child=KILL', '--'],
  ...['/bin/sh', '-c', SCRIPT, 'sh'],
] as const;

/**
 * Runs a JavaScript program on this Node without rights and gives what it wrote after its first line.
 * Throws `template-sandbox` when the sandbox cannot be set up and `template-invalid` when the program hangs, takes
 * too much or writes too much. `names` are the templates, for messages; `wallClock` is in milliseconds.
 */
export async function runJailed(program: string, names: string, wallClock = WALL_CLOCK): Promise<string> {
  const end = await runCommand(program, [process.execPath, ...sharedObjects()], wallClock);
  if (!end.output.startsWith(READY)) {
    throw new BerthError(
      'template-sandbox',
      `cannot set up the sandbox: ${names}: ${end.diagnostic ?? end.reason ?? 'it ended without a word'}`,
      {
        hint: 'templates in EJS need root, namespaces, and the programs of util-linux (unshare, setpriv, prlimit, mount)',
      },
    );
  }
  if (end.reason !== undefined) {
    throw new BerthError('template-invalid', `cannot render templates: ${names}: ${end.reason}`);
  }
  return end.output.slice(READY.length);
}

interface JailEnd {
  output: string;
  /** Why it ended other than well. */
  reason: string | undefined;
  /** The first line on its standard error. */
  diagnostic: string | undefined;
}

function runCommand(program: string, files: readonly string[], wallClock: number): Promise<JailEnd> {
  const [file, ...args] = COMMAND;
  // "detached" makes a process group, so that one kill reaches all.
  const child = spawn(file, [...args, ...files], { cwd: '/', env: {}, detached: true, stdio: 'pipe' });
  const output: Buffer[] = [];
  const diagnostic: Buffer[] = [];
  let size = 0;
  let noise = 0;
  let reason: string | undefined;

  const kill = (why: string): void => {
    reason ??= why;
    if (child.pid === undefined) return;
    try {
      process.kill(-child.pid, 'SIGKILL');
    } catch (error) {
      if (!isErrno(error, 'ESRCH')) throw error;
    }
  };
  const timer = setTimeout(() => kill(`not done after ${wallClock / 1000} s`), wallClock);

  child.stdout.on('data', (chunk: Buffer) => {
    size += chunk.length;
    if (size > MAX_OUTPUT) return kill('it writes too much');
    output.push(chunk);
  });
  child.stderr.on('data', (chunk: Buffer) => {
    if (noise < MAX_DIAGNOSTIC) diagnostic.push(chunk);
    noise += chunk.length;
  });
  // EPIPE: the child is gone before it has read all; its end says why.
  child.stdin.on('error', (error) => {
    if (!isErrno(error, 'EPIPE', 'ECONNRESET')) kill(error.message);
  });
  child.stdin.end(program);

  return new Promise((resolve) => {
    const finish = (status: string | undefined) => {
      clearTimeout(timer);
      const said = Buffer.concat(diagnostic).toString('utf8').trim().split('\n')[0];
      resolve({
        output: Buffer.concat(output).toString('utf8'),
        reason: reason ?? status,
        diagnostic: said?.slice(0, 300) || undefined,
      });
    };
    child.on('error', (error) => finish(error.message));
    child.on('close', (code, signal) => {
      if (code === 0) finish(undefined);
      else if (code === 137 || signal === 'SIGKILL')
        finish('it took more time or memory than a template may');
      else finish(`it ended early (status ${code ?? signal})`);
    });
  });
}

/** The libraries that this process's own program is linked with: what another one of it needs to start. */
function sharedObjects(): string[] {
  // The network part would look up the names of open connections.
  Object.assign(process.report, { excludeNetwork: true });
  const report = process.report.getReport() as { sharedObjects?: unknown };
  const objects = Array.isArray(report.sharedObjects) ? report.sharedObjects : [];
  return objects.filter(
    (path): path is string => typeof path === 'string' && path.startsWith('/') && !path.endsWith('.node'),
  );
}
