import { quote } from '../../reference/quote.ts';
import { isAtOrBelow, isNormalPath, isProtectedPlace } from '../exports/host-files-places.ts';
import { expandPath, forEachLine } from './render-lines.ts';

// What many use; an image may make its own below, not empty or repaint the whole.
const SHARED = [
  ...[
    '/etc/systemd/system',
    '/run/lock',
    '/run/user',
    '/usr/bin',
    '/usr/lib',
    '/usr/lib64',
    '/usr/libexec',
    '/usr/local',
  ],
  ...['/usr/local/bin', '/usr/local/lib', '/usr/local/sbin', '/usr/local/share', '/usr/sbin', '/usr/share'],
  ...['/var/cache', '/var/lib', '/var/lib/containers', '/var/log', '/var/mail', '/var/opt'],
  ...['/var/spool', '/var/tmp'],
];

// Settings of the kernel that name a program for it to run, or where such may hide behind a wild card.
const RUN_BY_KERNEL =
  /^\/(?:proc\/sys\/(?:kernel\/(?:core_pattern|hotplug|modprobe|poweroff_cmd|usermodehelper)|fs\/binfmt_misc)|sys\/(?:kernel\/uevent_helper|fs\/cgroup))/;
const PLAIN_SETTINGS = /^\/(?:proc\/sys\/net|sys\/(?:block|bus|class|devices|module))(?:\/|$)/;

/**
 * Checks rendered tmpfiles.d lines for what no service needs: paths of the system's security and of berth
 * itself, setuid modes, and emptying or repainting directories that all share. A guard against mistakes: the
 * image's unit runs as root all the same. Throws `template-invalid`.
 */
export function checkTmpfiles(text: string, file: string): void {
  forEachLine(text, file, (fields, refuse) => {
    const [type = '', rawPath = '', mode = '-'] = fields;
    if (!/^[A-Za-z][-+!=~^$?]*$/.test(type)) return refuse(`${quote(type)} is not a type`);
    const path = expandPath(rawPath);
    if (path !== '/' && !isNormalPath(path.replace(/\/$/, '')))
      return refuse(`${quote(rawPath)} is not a plain absolute path`);
    if (/^[:~]*[0-7]*[4-7][0-7]{3}$/.test(mode)) return refuse(`the mode ${mode} is setuid`);
    const action = type[0] ?? '';
    // Where a wild card may match, what counts is the directory that surely holds it.
    const wild = path.search(/[*?[]/);
    const place = (wild === -1 ? path : path.slice(0, path.lastIndexOf('/', wild))).replace(/\/$/, '') || '/';
    const shared = SHARED.includes(place) || !/^\/[^/]+\//.test(place);
    const reachesAll = 'DRZTAHr'.includes(action) || (wild !== -1 && 'ztahxX'.includes(action));
    if (shared && reachesAll) {
      return refuse(`"${type}" on ${path} would reach what others keep there`);
    }
    if (isAtOrBelow(place, '/usr') && /^(?:[FRrDw]|.\+)/.test(type.replace(/[-!=~^$?]/g, ''))) {
      return refuse(`"${type}" on ${path} would replace or remove what others put there`);
    }
    if (shared && wild === -1 && action !== 'w' && !fields.slice(2, 5).every((field) => field === '-')) {
      return refuse(`mode and owner of ${path} are not the image's to change: write "-"`);
    }
    if ('cb'.includes(action) && !isAtOrBelow(path, '/dev')) return refuse('device nodes belong into /dev');
    const harmless =
      ('cbdD'.includes(action) && isAtOrBelow(path, '/dev')) ||
      (action === 'w' && isPlainSetting(path, wild)) ||
      // A service may extend another one's unit, as flanneld does docker's.
      /^\/(?:etc|run)\/systemd\/system\/[^/]+\.d(?:\/|$)/.test(place);
    if (isProtectedPlace(place) && !harmless) return refuse(`an image may not change ${path}`);
  });
}

function isPlainSetting(path: string, wild: number): boolean {
  if (wild !== -1) return PLAIN_SETTINGS.test(path.slice(0, wild));
  return /^\/(?:proc\/sys|sys)\//.test(path) && !RUN_BY_KERNEL.test(path);
}
