import { lstat } from 'node:fs/promises';
import { posix } from 'node:path';
import { BerthError, isErrno } from '../errors.ts';
import type { ImageConfig } from '../image/image.ts';
import type { Paths } from '../paths.ts';
import type { ServiceName } from '../service-name.ts';
import { defaultCapabilities } from './capabilities.ts';
import { findImageUser, type ImageUser } from './image-user.ts';
import { type Mount, type OciConfig, parseConfigText } from './oci-config.ts';
import { renderPackageTemplate } from './package-template.ts';
import { cgroupsPath } from './prepare-config.ts';
import { defaultSeccomp } from './seccomp.ts';
import { imageVolumes } from './volumes.ts';

export interface DefaultConfigInput {
  name: ServiceName;
  image: ImageConfig;
  /** The image's checkout, to look up its user in. */
  rootfs: string;
  paths: Paths;
}

const DEFAULT_PATH = 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
/** What containers on the host's network have of the host. */
export const HOST_FILES: readonly string[] = ['/etc/resolv.conf', '/etc/hosts'];

/**
 * The config.json of an image that ships none: templates/config.json.ejs filled in from its config.
 * Throws `image-config-invalid` for a config that no container can be made of.
 */
export async function defaultConfig(input: DefaultConfigInput): Promise<OciConfig> {
  const { name, image, rootfs, paths } = input;
  const user = await findImageUser(rootfs, image.user);
  const text = await renderPackageTemplate(
    'config.json.ejs',
    {
      args: commandOf(image),
      cwd: workingDirectory(image),
      env: environment(image, user),
      user: { uid: user.uid, gid: user.gid, additionalGids: user.additionalGids },
      capabilities: defaultCapabilities(user.uid, image.exposedPorts),
      volumes: imageVolumes(name, image.volumes).map(volumeMount),
      hostFiles: await hostFileMounts(paths),
      cgroupsPath: cgroupsPath(`${name}.service`),
      seccomp: defaultSeccomp(image.architecture),
    },
    JSON.stringify,
  );
  return parseConfigText(text, 'templates/config.json.ejs') as OciConfig;
}

/** OCI image spec, config.md: Cmd is the arguments of Entrypoint, or the command where there is none. */
function commandOf(image: ImageConfig): string[] {
  const args = [...image.entrypoint, ...image.cmd];
  if (args[0] === undefined || args[0] === '') {
    throw new BerthError('image-config-invalid', 'the image names no command: neither Entrypoint nor Cmd');
  }
  return args;
}

function workingDirectory(image: ImageConfig): string {
  return posix.resolve('/', image.workingDir);
}

function environment(image: ImageConfig, user: ImageUser): string[] {
  const has = (key: string) => image.env.some((variable) => variable.startsWith(`${key}=`));
  return [
    ...(has('PATH') ? [] : [DEFAULT_PATH]),
    ...(has('HOME') ? [] : [`HOME=${user.home || '/'}`]),
    ...image.env,
  ];
}

function volumeMount({ destination, source }: { destination: string; source: string }): Mount {
  return { destination, type: 'bind', source, options: ['bind', 'rw', 'nosuid', 'nodev', 'rprivate'] };
}

/** A mount of what the host lacks would keep the service from starting. */
async function hostFileMounts(paths: Paths): Promise<Mount[]> {
  const mounts: Mount[] = [];
  for (const file of HOST_FILES) {
    // A symlink counts even where it leads nowhere: resolvers make their file when they start.
    if (!(await exists(paths.locate(file)))) continue;
    const options = ['bind', 'ro', 'nosuid', 'nodev', 'noexec', 'rprivate'];
    mounts.push({ destination: file, type: 'bind', source: file, options });
  }
  return mounts;
}

async function exists(path: string): Promise<boolean> {
  try {
    await lstat(path);
    return true;
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return false;
    throw error;
  }
}
