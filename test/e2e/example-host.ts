import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { execa } from 'execa';
import type { Fetched } from '../host/fetched.ts';
import type { Host } from '../host/host.ts';
import { REGISTRY } from './push-image.ts';

/** Has `registry.example.com`, the registry of all examples, be the one of the test images. */
export function serveAsExample(host: Host): void {
  writeFileSync(
    host.path('/etc/containers/registries.conf'),
    `[[registry]]\nprefix = "registry.example.com"\nlocation = "${REGISTRY}"\ninsecure = true\n`,
  );
}

/** Gives a host the files of packages: it needs none of what their scripts would set up. */
export async function installPackages(host: Host, { directory }: Fetched): Promise<void> {
  assert.ok(directory);
  await execa('cp', ['--recursive', directory, host.path('/srv/packages')]);
  await host.sh(
    `for package in /srv/packages/*.deb; do
       dpkg-deb --fsys-tarfile $package | tar --extract --directory / --keep-directory-symlink
     done
     rm -r /srv/packages`,
  );
}
