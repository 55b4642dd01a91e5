/**
 * Where an image may put files: programs, their data and configuration. State is for tmpfiles.d to make.
 */
const ALLOWED = [
  '/usr/local',
  '/usr/bin',
  '/usr/sbin',
  '/usr/lib',
  '/usr/libexec',
  '/usr/share',
  '/etc',
  '/opt',
  '/srv',
];

// Below these, a file does more than lie there: it is run, believed, or decides who may do what. An image has
// its unit for what is to run. A "*" stands for any rest of a name.
const PROTECTED_NAMES = [
  '/bin/*',
  '/sbin/*',
  '/lib*',
  '/boot',
  '/dev',
  '/home',
  '/proc',
  '/root',
  '/sys',
  '/run/berth',
  '/run/dbus',
  '/run/systemd',
  '/var/lib/berth',
  '/var/lib/dpkg',
  '/var/lib/rpm',
  '/var/lib/systemd',
  '/var/spool/cron',
  '/etc/NetworkManager',
  '/etc/acpi',
  '/etc/anacrontab',
  '/etc/apparmor*',
  '/etc/apt',
  '/etc/bash*',
  '/etc/berth',
  '/etc/binfmt.d',
  '/etc/ca-certificates*',
  '/etc/cron*',
  '/etc/crypttab',
  '/etc/dbus-1',
  '/etc/dhcp*',
  '/etc/dnf',
  '/etc/environment*',
  '/etc/fstab',
  '/etc/group*',
  '/etc/grub*',
  '/etc/gshadow*',
  '/etc/host.conf',
  '/etc/hostname',
  '/etc/hosts*',
  '/etc/init*',
  '/etc/kernel',
  '/etc/ld.so*',
  '/etc/localtime',
  '/etc/login.defs',
  '/etc/logrotate*',
  '/etc/machine-id',
  '/etc/modprobe.d',
  '/etc/modules*',
  '/etc/network',
  '/etc/nsswitch.conf',
  '/etc/os-release',
  '/etc/pam*',
  '/etc/passwd*',
  '/etc/pki',
  '/etc/polkit-1',
  '/etc/ppp',
  '/etc/profile*',
  '/etc/rc*',
  '/etc/resolv.conf',
  '/etc/security',
  '/etc/selinux',
  '/etc/shadow*',
  '/etc/shells',
  '/etc/skel',
  '/etc/ssh',
  '/etc/ssl',
  '/etc/subgid*',
  '/etc/subuid*',
  '/etc/sudo*',
  '/etc/sysctl*',
  '/etc/systemd',
  '/etc/sysusers.d',
  '/etc/tmpfiles.d',
  '/etc/udev',
  '/etc/update-motd.d',
  '/etc/xdg',
  '/etc/yum*',
  '/etc/zsh*',
  '/usr/lib/NetworkManager',
  '/usr/lib/berth',
  '/usr/lib/binfmt.d',
  '/usr/lib/dracut',
  '/usr/lib/environment.d',
  '/usr/lib/firmware',
  '/usr/lib/kernel',
  '/usr/lib/modprobe.d',
  '/usr/lib/modules*',
  '/usr/lib/os-release',
  '/usr/lib/pam.d',
  '/usr/lib/polkit-1',
  '/usr/lib/python*',
  '/usr/lib/security',
  '/usr/lib/sysctl.d',
  '/usr/lib/systemd',
  '/usr/lib/sysusers.d',
  '/usr/lib/tmpfiles.d',
  '/usr/lib/udev',
  '/usr/local/lib/python*',
  '/usr/local/lib/systemd',
  '/usr/share/dbus-1',
  '/usr/share/polkit-1',
];
const PROTECTED = PROTECTED_NAMES.map(protectedPattern);

/** True for an absolute, normal path that may take a file of an image; `allow` are further directories or files. */
export function isAllowedPlace(path: string, allow: readonly string[]): boolean {
  if (allow.some((place) => isAtOrBelow(path, place))) return true;
  return ALLOWED.some((place) => isAtOrBelow(path, place)) && !isProtectedPlace(path);
}

/** True for an absolute, normal path that no image should change. */
export function isProtectedPlace(path: string): boolean {
  return PROTECTED.some((pattern) => pattern.test(path));
}

/** True for a directory in which a protected place lies: a name that leads there leads to that, too. */
export function holdsProtectedPlace(path: string): boolean {
  return PROTECTED_NAMES.some((place) => isAtOrBelow(place, path));
}

/** True for absolute, without empty, `.` and `..` components, of sensible length. */
export function isNormalPath(path: string): boolean {
  return (
    path.startsWith('/') &&
    path.length < 4096 &&
    path
      .slice(1)
      .split('/')
      .every((part) => part !== '' && part !== '.' && part !== '..' && part.length < 256)
  );
}

export function isAtOrBelow(path: string, directory: string): boolean {
  return path === directory || path.startsWith(directory === '/' ? '/' : `${directory}/`);
}

function protectedPattern(place: string): RegExp {
  const escaped = place.replace(/[.]/g, '\\.').replace('*', '[^/]*');
  return new RegExp(`^${escaped}(?:/|$)`);
}
