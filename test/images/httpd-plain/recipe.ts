import { join } from 'node:path';
import { base } from '../base/recipe.ts';
import type { Recipe } from '../recipe.ts';

/** Debian's apache2 in the foreground, as a Dockerfile would make it: nothing in it knows of berth. */
export const httpdPlain: Recipe = {
  name: 'httpd-plain',
  tags: ['2.4', 'latest'],
  folder: import.meta.dirname,
  from: base,
  format: 'docker',
  layers: [
    // That log would be a file, and the root is read-only.
    { packages: ['apache2'], script: 'rm $ROOT/etc/apache2/conf-enabled/other-vhosts-access-log.conf' },
    { files: join(import.meta.dirname, 'files') },
  ],
  config: {
    Entrypoint: ['/usr/local/bin/httpd-foreground'],
    Cmd: ['-D', 'FOREGROUND'],
    Env: ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', 'PORT=80'],
    WorkingDir: '/var/www',
    ExposedPorts: { '80/tcp': {} },
    // Shown below /data/, so that a test can see what it put there.
    Volumes: { '/srv/data': {} },
    // apache2's graceful stop.
    StopSignal: 'SIGWINCH',
    Labels: { 'org.opencontainers.image.title': 'Apache HTTP server' },
  },
};

/** The same as a user that has a name and no rights; only the config differs. */
export const httpdUser: Recipe = {
  ...httpdPlain,
  name: 'httpd-user',
  tags: ['latest'],
  folder: import.meta.dirname,
  from: httpdPlain,
  format: 'oci',
  layers: [],
  config: {
    ...httpdPlain.config,
    User: 'www-data',
    Env: ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', 'PORT=8080'],
    ExposedPorts: { '8080/tcp': {} },
  },
};
