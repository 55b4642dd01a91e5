import { join } from 'node:path';
import { base } from '../base/recipe.ts';
import type { Recipe } from '../recipe.ts';

/** Debian's etcd as a system container: `$NAME` templates, and etcdctl for the host. */
export const etcd: Recipe = {
  name: 'etcd',
  tags: ['3.4', 'latest'],
  folder: import.meta.dirname,
  from: base,
  format: 'index',
  layers: [
    {
      packages: ['etcd-server', 'etcd-client'],
      script: `mkdir -p $ROOT/exports/hostfs/usr/local/bin
        mv $ROOT/usr/bin/etcdctl $ROOT/exports/hostfs/usr/local/bin/
        ln -s /exports/hostfs/usr/local/bin/etcdctl $ROOT/usr/bin/etcdctl`,
    },
    { files: join(import.meta.dirname, 'files'), compression: 'zstd' },
  ],
  config: {
    Entrypoint: ['/usr/bin/etcd'],
    Env: ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', 'ETCD_DATA_DIR=/var/lib/etcd'],
    ExposedPorts: { '2379/tcp': {}, '2380/tcp': {} },
    Volumes: { '/var/lib/etcd': {} },
    // Who comes after etcd finds one that answers. With one member of three alone, none does.
    Healthcheck: { Test: ['CMD', 'etcdctl', 'endpoint', 'health'], Timeout: 5e9 },
    Labels: { 'atomic.type': 'system', 'org.opencontainers.image.title': 'etcd' },
  },
};
