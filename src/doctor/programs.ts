import { findProgram } from '../linux/find-program.ts';
import { type Check, orElse, problem } from './check.ts';

/** Programs that berth or its units run, by the Debian package that has them; /usr/bin stands for /bin, too. */
const PROGRAMS: Record<string, readonly string[]> = {
  'util-linux': ['unshare', 'setpriv', 'prlimit'],
  mount: ['mount', 'umount'],
  coreutils: ['env', 'mkdir', 'cp'],
  dash: ['sh'],
  systemd: ['systemctl', 'journalctl', 'systemd-tmpfiles', 'systemd-sysusers', 'systemd-socket-proxyd'],
};

const DIRECTORIES = ['/usr/bin', '/bin', '/usr/lib/systemd', '/lib/systemd'];

/** The programs of the host that berth calls. */
export const programsCheck: Check = {
  name: 'programs',
  live: true,
  find() {
    const missing = Object.entries(PROGRAMS).flatMap(([from, names]) =>
      names
        .filter((name) => findProgram(name, DIRECTORIES) === undefined)
        .map((name) => problem(`no such program: ${name}`, `apt install --reinstall ${from}`)),
    );
    return orElse(missing, 'all that berth calls are there');
  },
};
