import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { digestOf } from '../../../src/image/descriptor.ts';
import { OCI_CONFIG } from '../../../src/image/media-type.ts';
import { TarBuilder } from '../../unit/layer/tar-builder.ts';
import { type Attack, CANARY } from '../attack.ts';
import { byImage, byLayers, gzipLayer, placeImage } from '../place-image.ts';

const layer = () =>
  gzipLayer(new TarBuilder().directory('etc/').file('bin/server', 'x', { mode: 0o755 }).end());
const settings = (config: object) => () => ({
  layers: [layer()],
  config: { config: { Cmd: ['/bin/server'], ...config } },
});

/** An image for user "web" with this in place of its /etc/passwd. */
const users = (add: (archive: TarBuilder) => TarBuilder) => () => ({
  layers: [gzipLayer(add(new TarBuilder()).end())],
  config: { config: { Cmd: ['/bin/server'], User: 'web' } },
});

function readBundle(rootfs: string): {
  process: { cwd: string };
  mounts: { destination: string; source: string }[];
} {
  return JSON.parse(readFileSync(join(rootfs, '..', 'config.json'), 'utf8'));
}

/** An attack by the bytes of a config. */
function byConfig(name: string, outcome: Attack['outcome'], bytes: () => Buffer): Attack {
  return {
    name,
    outcome,
    place: (registry, repository) =>
      placeImage(registry, repository, { manifest: { config: registry.addBlob(bytes(), OCI_CONFIG) } }),
  };
}

/** Configs that lie, and such as ask a runtime or systemd for what no image may have. */
export const configAttacks: Attack[] = [
  byImage('a diff ID of something else', 'digest-mismatch', () => ({
    layers: [{ ...layer(), diffId: digestOf(Buffer.from('x')) }],
  })),
  byImage(
    'a diff ID that is a path',
    'digest-invalid',
    () => ({ layers: [{ ...layer(), diffId: `sha256:../../../..${CANARY}/secret` }] }),
    {
      cve: 'CVE-2024-3727 (containers/image)',
    },
  ),
  byImage('a diff ID in upper case', 'digest-invalid', () => ({
    layers: [{ ...layer(), diffId: `sha256:${'AB'.repeat(32)}` }],
  })),
  byImage('more diff IDs than layers', 'image-config-invalid', () => ({
    layers: [layer()],
    config: { rootfs: { type: 'layers', diff_ids: Array(3).fill(digestOf(Buffer.from('x'))) } },
  })),
  byImage('a root file system that is no list of layers', 'image-config-invalid', () => ({
    config: { rootfs: { type: 'tree', diff_ids: [] } },
  })),
  byImage('an image of Windows', 'platform-unavailable', () => ({
    layers: [layer()],
    config: { os: 'windows' },
  })),
  byConfig('a config that is no JSON', 'image-config-invalid', () => Buffer.from('\0\0\0')),
  byConfig('a config of 5 MiB', 'limit-exceeded', () => Buffer.alloc(5 << 20, ' ')),
  byConfig('a config of brackets', 'limit-exceeded', () => Buffer.alloc(1 << 20, '[')),
  byImage('a NUL in a command', 'image-config-invalid', settings({ Cmd: ['/bin/server\0--harmless'] })),
  byImage(
    'lines of a unit in a command',
    'harmless',
    settings({ Cmd: ['/bin/server', 'x\nExecStartPre=/bin/touch /owned'] }),
  ),
  byImage(
    'lines of a unit in a label and a variable',
    'harmless',
    settings({
      Labels: { 'org.opencontainers.image.title': 'x\nExecStartPre=/bin/touch /owned' },
      Env: ['A=x\n[Service]\nUser=root'],
    }),
  ),
  byImage('a variable without a name', 'image-config-invalid', settings({ Env: ['=x'] })),
  byImage(
    'a signal that is a command',
    'image-config-invalid',
    settings({ StopSignal: 'SIGTERM; touch /owned' }),
  ),
  byImage(
    'a directory to begin in that leads to the host',
    'runtime-config-invalid',
    settings({ WorkingDir: '/proc/self/fd/8' }),
    {
      cve: 'CVE-2024-21626 (runc)',
    },
  ),
  byImage('a directory to begin in that climbs', 'harmless', settings({ WorkingDir: '../../..' }), {
    holds: (rootfs) => assert.equal(readBundle(rootfs).process.cwd, '/'),
  }),
  byImage('a volume that climbs', 'harmless', settings({ Volumes: { [`/../../..${CANARY}`]: {} } }), {
    cve: 'CVE-2022-23648 (containerd)',
    holds: (rootfs) => {
      const volume = readBundle(rootfs).mounts.find(({ destination }) => destination === CANARY);
      assert.equal(volume?.source, `/var/lib/victim${CANARY}`);
    },
  }),
  byImage('a volume over /proc', 'image-config-invalid', settings({ Volumes: { '/proc': {} } }), {
    cve: 'CVE-2019-16884 (runc)',
  }),
  byImage('a volume at the root', 'image-config-invalid', settings({ Volumes: { '/': {} } })),
  byImage(
    'a volume on a symlink to the host',
    'harmless',
    () => ({
      layers: [gzipLayer(new TarBuilder().symlink('data', CANARY).end())],
      config: { config: { Cmd: ['/bin/server'], Volumes: { '/data': {} } } },
    }),
    { cve: 'CVE-2021-30465 (runc)' },
  ),
  byImage('a user beyond 32 bits', 'image-config-invalid', settings({ User: String(2 ** 32) })),
  byImage(
    'users from a FIFO',
    'image-config-invalid',
    users((archive) => archive.fifo('etc/passwd')),
  ),
  byImage(
    'users from a device that never ends',
    'image-config-invalid',
    users((archive) => archive.device('character', 'etc/passwd', 1, 5)),
    {
      cve: 'CVE-2024-9676 (containers/storage)',
    },
  ),
  byImage(
    'users from a symlink to the host',
    'image-config-invalid',
    users((archive) => archive.symlink('etc/passwd', `${CANARY}/secret`)),
    {
      cve: 'CVE-2024-9676 (containers/storage)',
    },
  ),
  byImage(
    'users from a symlink to itself',
    'runtime-config-invalid',
    users((archive) => archive.symlink('etc/passwd', 'passwd')),
  ),
  byImage(
    'users through a symlink at /etc to the host',
    'runtime-config-invalid',
    users((archive) => archive.symlink('etc', '/../../../etc')),
  ),
  byImage(
    'users from a file of 64 MiB',
    'limit-exceeded',
    users((archive) => archive.file('etc/passwd', Buffer.alloc(64 << 20, '\n'))),
  ),
  byLayers('no command at all', 'harmless', () => new TarBuilder().end()),
];
