import { join } from 'node:path';
import { execa } from 'execa';
import { base } from '../base/recipe.ts';
import type { Recipe } from '../recipe.ts';

/** Of the `go` line in program/go.mod. */
const GO = [1, 25] as const;

/** The real flanneld as a system container, in the dialect of Project Atomic. */
export const flanneld: Recipe = {
  name: 'flanneld',
  tags: ['0.28', 'latest'],
  folder: import.meta.dirname,
  from: base,
  layers: [
    { packages: ['iptables', 'iproute2', 'etcd-client'] },
    { script: 'sh $FOLDER/program/build $ROOT/usr/local/bin', compression: 'zstd' },
    {
      files: join(import.meta.dirname, 'files'),
      script: 'chmod 755 $ROOT/usr/local/bin/*',
    },
  ],
  config: {
    Entrypoint: ['/usr/local/bin/flanneld-start'],
    Env: ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'],
    Labels: { 'atomic.type': 'system', 'org.opencontainers.image.title': 'flannel' },
  },
  missing: missingTools,
};

async function missingTools(): Promise<string | undefined> {
  const go = await execa('go', ['env', 'GOVERSION'], { reject: false, env: { GOTOOLCHAIN: 'local' } });
  const wanted = `building the real flanneld needs Go ${GO.join('.')} or newer`;
  if (go.failed) return `${wanted}, and there is no "go" in PATH`;
  const [, major = '0', minor = '0'] = /^go(\d+)\.(\d+)/.exec(go.stdout) ?? [];
  const isOld = Number(major) < GO[0] || (Number(major) === GO[0] && Number(minor) < GO[1]);
  return isOld ? `${wanted}, and "go" in PATH is ${go.stdout}` : undefined;
}
