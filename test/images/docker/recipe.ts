import { join } from 'node:path';
import { base } from '../base/recipe.ts';
import type { Recipe } from '../recipe.ts';

/** Debian's dockerd with its containerd and runc as a system container; the docker command is for the host. */
export const docker: Recipe = {
  name: 'docker',
  tags: ['20.10', 'latest'],
  folder: import.meta.dirname,
  from: base,
  layers: [
    {
      packages: ['docker.io'],
      script: `mkdir -p $ROOT/exports/hostfs/usr/local/bin
        mv $ROOT/usr/bin/docker $ROOT/exports/hostfs/usr/local/bin/`,
      compression: 'zstd',
    },
    {
      files: join(import.meta.dirname, 'files'),
      script: 'chmod 755 $ROOT/usr/local/bin/*',
    },
  ],
  config: {
    Entrypoint: ['/usr/local/bin/dockerd-start'],
    Env: ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'],
    Volumes: { '/var/lib/docker': {} },
    Labels: { 'atomic.type': 'system', 'org.opencontainers.image.title': 'Docker' },
  },
};
