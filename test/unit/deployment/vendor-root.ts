import { createHash } from 'node:crypto';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { TestContext } from 'node:test';
import { type DeploymentRecord, formatRecord, type RecordedFile } from '../../../src/deployment/record.ts';
import { digestOf } from '../../../src/image/descriptor.ts';
import { Paths } from '../../../src/paths.ts';
import { parseServiceName } from '../../../src/service-name.ts';
import { putBlobs } from '../../../src/store/blob.ts';
import { createStore } from '../../../src/store/store.ts';
import { scratch } from '../layer/scratch.ts';

export const WEB = parseServiceName('web');

const CONFIG = Buffer.from(
  '{"architecture": "amd64", "os": "linux", "rootfs": {"type": "layers", "diff_ids": []}}',
);

const hash = (text: string) => createHash('sha256').update(text).digest('hex');

/** A system below a directory of its own, whose services are put into /usr and /var by hand. */
export class VendorRoot {
  readonly paths: Paths;
  readonly vendor: Paths;

  constructor(test: TestContext) {
    this.paths = new Paths(scratch(test));
    this.vendor = new Paths(this.paths.root, { side: 'vendor' });
  }

  /** Makes a deployment of `web` that brings these files, in the deployment and in the system. */
  deploy(
    side: Paths,
    number: number,
    texts: Record<string, string>,
    more: Partial<DeploymentRecord> = {},
  ): DeploymentRecord {
    const directory = side.deployment(WEB, number);
    const files = Object.entries(texts).map(([path, text]): RecordedFile => {
      const source = `hostfs${path}`;
      for (const file of [join(directory, source), side.locate(path)]) this.write(file, text);
      return { path, type: 'file', content: hash(text), uid: 0, gid: 0, mode: 0o644, source };
    });
    const configDigest = digestOf(CONFIG);
    putBlobs(createStore(side.store), [{ digest: configDigest, bytes: CONFIG }]);
    const image = { name: 'registry.example/web:1', labels: {}, diffIds: [], configDigest };
    const empty = {
      values: {},
      userValues: {},
      directories: [],
      beside: [],
      state: [],
      mountPoints: [],
      bundle: [],
    };
    const record = {
      ...{ version: 1, service: WEB, number, created: '2026-01-01T00:00:00.000Z', enabled: true, ...empty },
      ...{ image: { ...image, manifestDigest: digest(number) }, units: ['web.service'], files, ...more },
    } as DeploymentRecord;
    this.write(join(directory, 'deployment.json'), formatRecord(record));
    return record;
  }

  /** The same, and live on its side from now on. */
  install(...[side, number, ...rest]: Parameters<VendorRoot['deploy']>): DeploymentRecord {
    const record = this.deploy(side, number, ...rest);
    symlinkSync(String(number), side.current(WEB));
    return record;
  }

  write(file: string, text: string): void {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text, { mode: 0o644 });
  }
}

/** A digest that only this number has. */
export function digest(number: number): DeploymentRecord['image']['manifestDigest'] {
  return `sha256:${String(number).repeat(64)}` as DeploymentRecord['image']['manifestDigest'];
}
