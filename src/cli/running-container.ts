import { basename, join } from 'node:path';
import { notInstalled } from '../deployment/not-installed.ts';
import { readCurrentRecord } from '../deployment/record.ts';
import { BerthError } from '../errors.ts';
import { readRegularText } from '../regular-file.ts';
import type { Container } from '../runtime/command-line.ts';
import { containerPid } from '../runtime/container-state.ts';
import { type OciConfig, parseConfigText } from '../runtime/oci-config.ts';
import { hasCommonRoot, type Look, lookInContainer, lookInRootfs } from '../runtime/program-lack.ts';
import type { Context } from './context.ts';
import { namedService } from './named-services.ts';

/** The container of a service that runs. */
export interface RunningContainer extends Pick<Container, 'runtime' | 'name'> {
  /** Its first process, as the host numbers it. */
  pid: number;
  /** The directory of its config.json. */
  bundle: string;
  /** Its root file system, without what is mounted in it. */
  rootfs: string;
}

/**
 * The container of the service that a word on a command line names. Throws `service-not-found`, `not-running`,
 * and `usage` where it can have none.
 */
export async function runningContainer(text: string, context: Context): Promise<RunningContainer> {
  const { paths } = context;
  if (!context.systemd().live) {
    throw new BerthError('usage', `nothing runs below ${paths.root}: ${text}`, { hint: 'leave out --root' });
  }
  const record = readCurrentRecord(paths, namedService(text));
  if (record === undefined) throw notInstalled(namedService(text), paths);
  const { service: name, runtime, rootfs } = record;
  if (!record.bundle.some(({ path }) => path === 'config.json')) {
    throw new BerthError('usage', `no container: ${name}: its image brings none`, {
      hint: `berth inspect ${name}`,
    });
  }
  const container = { name, runtime: { path: runtime, name: basename(runtime) } };
  const pid = await containerPid(container);
  if (pid === undefined) {
    throw new BerthError('not-running', `not running: ${name}: it has no container now`, {
      hint: `systemctl start ${name}.service`,
    });
  }
  const bundle = paths.sideOf(record).current(name);
  return { ...container, pid, bundle, rootfs: rootfs?.directory ?? join(bundle, 'rootfs') };
}

/** The config.json of a container. Throws `runtime-config-invalid`. */
export function readConfig({ bundle }: RunningContainer): OciConfig {
  const file = join(bundle, 'config.json');
  return parseConfigText(readRegularText(file), file) as OciConfig;
}

/** Looks for programs as one that is run in a container sees them. Throws `runtime-config-invalid`. */
export function lookIn(container: RunningContainer): Look {
  const { pid, rootfs } = container;
  if (hasCommonRoot(pid)) return lookInContainer(pid);
  return lookInRootfs(rootfs, readConfig(container).mounts ?? []);
}
