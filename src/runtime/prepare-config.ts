import { quote } from '../reference/quote.ts';
import { addNotifySocket, type NotifyOptions } from './notify.ts';
import { invalid, type OciConfig } from './oci-config.ts';

const OCI_VERSION = '1.0.2';
const PAYLOAD = 'payload';

export interface PrepareOptions {
  /** The unit that runs the container, such as `web.service`. */
  unit: string;
  /** Of the unit's Slice=; systemd's default where the unit names none. */
  slice?: string | undefined;
  /** The root file system to run on, absolute; the checkout without it. */
  rootfs?: string | undefined;
  /** For a service that tells systemd when it is ready. */
  notify?: NotifyOptions | undefined;
}

/**
 * A checked config.json with what berth decides for every container: it runs in a child of its
 * unit's cgroup, so that systemctl status, the journal and the unit's limits see it. Pure. Throws
 * `runtime-config-invalid` for a slice that is none.
 */
export function prepareConfig(config: OciConfig, options: PrepareOptions): OciConfig {
  const prepared = {
    ...config,
    ociVersion: config.ociVersion || OCI_VERSION,
    root: { ...config.root, path: options.rootfs ?? 'rootfs', readonly: true },
    process: { ...config.process, terminal: false },
    linux: { ...config.linux, cgroupsPath: cgroupsPath(options.unit, options.slice || undefined) },
  };
  return options.notify === undefined ? prepared : addNotifySocket(prepared, options.notify);
}

/**
 * The cgroup of a unit's container. It is a child, because systemd keeps the unit's own cgroup to
 * itself; the unit must say Delegate=yes.
 */
export function cgroupsPath(unit: string, slice = defaultSlice(unit)): string {
  return `${slicePath(slice)}/${unit}/${PAYLOAD}`;
}

/** systemd.special(7): the instances of one template have a slice of their own, named after it. */
function defaultSlice(unit: string): string {
  const at = unit.indexOf('@');
  // A plain "-" there would be a slice within a slice.
  return at === -1 ? 'system.slice' : `system-${unit.slice(0, at).replaceAll('-', String.raw`\x2d`)}.slice`;
}

/** systemd.slice(5): `a-b.slice` lies in `a.slice`, `-.slice` is the root. */
function slicePath(slice: string): string {
  // It becomes a path, and an image's unit has chosen it.
  if (!/^[A-Za-z0-9:_.\\-]+\.slice$/.test(slice))
    throw invalid('linux.cgroupsPath', `not a slice: ${quote(slice)}`);
  const words = slice
    .replace(/\.slice$/, '')
    .split('-')
    .filter((word) => word !== '');
  return words.map((_, index) => `/${words.slice(0, index + 1).join('-')}.slice`).join('');
}
