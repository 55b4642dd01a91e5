/**
 * Run inside the throwaway host: installs a service from a tiny root file system by hand, with berth's
 * default templates, as `berth install` does for an image without /exports. Arguments: NAME, the shell
 * script that the service runs, and the image's user.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import type { ImageConfig } from '../../src/image/image.ts';
import { Paths } from '../../src/paths.ts';
import { checkConfig } from '../../src/runtime/check-config.ts';
import { defaultConfig } from '../../src/runtime/default-config.ts';
import { isFileOnHost, listMountPoints, makeMountPoints } from '../../src/runtime/mount-points.ts';
import { prepareConfig } from '../../src/runtime/prepare-config.ts';
import { findRuntime } from '../../src/runtime/runtime.ts';
import { parseServiceName } from '../../src/service-name.ts';
import { renderDefaultService, renderDefaultTmpfiles } from '../../src/systemd/default-templates.ts';
import { createTmpfiles } from '../../src/systemd/tmpfiles.ts';

const PROGRAMS = ['/bin/sh', '/bin/sleep', '/bin/cat', '/usr/bin/id', '/bin/touch', '/usr/bin/unshare'];

const [nameText = '', script = '', user = ''] = process.argv.slice(2);
const name = parseServiceName(nameText);
const paths = new Paths('/');
const rootfs = `${paths.deployment(name, 0)}/rootfs`;
mkdirSync(`${rootfs}/etc`, { recursive: true });
execFileSync('sh', [
  '-c',
  `for program in ${PROGRAMS.join(' ')}; do echo "$program"; ldd "$program" | grep -o '/[^ ]*'; done |
     sort -u | xargs cp --parents --dereference --target-directory "$1"`,
  'sh',
  rootfs,
]);
writeFileSync(`${rootfs}/etc/passwd`, 'app:x:1234:1234::/home/app:/bin/sh\n');

const image: ImageConfig = {
  architecture: process.arch === 'arm64' ? 'arm64' : 'amd64',
  os: 'linux',
  diffIds: [],
  user,
  env: [],
  entrypoint: ['/bin/sh', '-c', script],
  cmd: [],
  workingDir: '',
  volumes: ['/data'],
  exposedPorts: [],
  labels: {},
};
const input = {
  name,
  image,
  imageName: 'test',
  rootfs,
  installed: rootfs,
  paths,
  runtime: await findRuntime(paths),
};
const { config } = checkConfig(await defaultConfig(input));
writeFileSync(paths.unit(`${name}.service`), await renderDefaultService(input));
writeFileSync(paths.tmpfiles(name), await renderDefaultTmpfiles(input));
const prepared = prepareConfig(config, { unit: `${name}.service` });
await makeMountPoints(rootfs, await listMountPoints(prepared, (source) => isFileOnHost(source, paths)));
writeFileSync(`${paths.deployment(name, 0)}/config.json`, JSON.stringify(prepared));
symlinkSync('0', paths.current(name));
await createTmpfiles(paths, paths.tmpfiles(name));
