import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { TestContext } from 'node:test';
import { keepBundle } from '../../../../src/deployment/bundle.ts';
import { imagesOfDeployments, imagesWithNames } from '../../../../src/deployment/images-in-use.ts';
import { checkout } from '../../../../src/deployment/plan/checkout.ts';
import { type DeploymentRecord, formatRecord, type RecordedFile } from '../../../../src/deployment/record.ts';
import type { HostMending } from '../../../../src/deployment/verify/compare-host-files.ts';
import { type RepairHost, repairStore } from '../../../../src/deployment/verify/repair-store.ts';
import { verify } from '../../../../src/deployment/verify/verify.ts';
import { readLimits } from '../../../../src/image/limits.ts';
import { readImageTree } from '../../../../src/layer/stored-layer.ts';
import { Paths } from '../../../../src/paths.ts';
import { makeMountPoints } from '../../../../src/runtime/mount-points.ts';
import { parseServiceName, type ServiceName } from '../../../../src/service-name.ts';
import { createStore, type Store } from '../../../../src/store/store.ts';
import { FakeSource, layerOf } from '../../layer/fake-source.ts';
import { scratch } from '../../layer/scratch.ts';
import { TarBuilder } from '../../layer/tar-builder.ts';
import { platform, pullAs, sampleLayers } from '../../store/damage.ts';

export const IMAGE = 'docker.example/web:1';
const TEMPLATE = mkdtempSync(join(tmpdir(), 'berth-template-'));
process.on('exit', () => rmSync(TEMPLATE, { recursive: true, force: true }));

export const WEB = parseServiceName('web');

/** A system below a directory of its own on which services are installed by hand, without templates. */
export class Installed {
  readonly paths: Paths;
  readonly store: Store;
  readonly kept: string[] = [];
  readonly warnings: string[] = [];
  /** Blobs that the registry was asked for. */
  readonly source: FakeSource;
  registryUp = true;
  readonly #layers: ReturnType<typeof layerOf>[];

  private constructor(root: string) {
    this.paths = new Paths(root);
    this.store = createStore(this.paths.store);
    this.#layers = sampleLayers();
    this.source = new FakeSource(this.#layers, IMAGE);
  }

  /** The service `web`, installed once and copied for every test: pulling takes threads their time to start. */
  static async web(context: TestContext): Promise<Installed> {
    if (!existsSync(join(TEMPLATE, 'ready'))) {
      await new Installed(TEMPLATE).install(WEB, 0);
      writeFileSync(join(TEMPLATE, 'ready'), '');
    }
    const root = join(scratch(context), 'root');
    execFileSync('cp', ['-a', TEMPLATE, root]);
    return new Installed(root);
  }

  /** Installs a service of an image with these files, and says where. */
  async installOther(files: string[]): Promise<{ OTHER: ServiceName; directory: string }> {
    const OTHER = parseServiceName('other');
    const archive = new TarBuilder().directory('data/').directory('etc/').file('etc/motd', 'hi');
    for (const file of files) archive.pax({ path: file }).file('pax', `content of ${file}`);
    await this.install(OTHER, 0, [layerOf(archive.end())]);
    return { OTHER, directory: this.paths.deployment(OTHER, 0) };
  }

  async install(name: ServiceName, number: number, layers = this.#layers): Promise<void> {
    const image = await pullAs(this.store, IMAGE, layers);
    const directory = this.paths.deployment(name, number);
    mkdirSync(directory, { recursive: true });
    chmodSync(directory, 0o700);
    const rootfs = join(directory, 'rootfs');
    await checkout(this.store, readImageTree(this.store, image.diffIds), rootfs);
    const mountPoints = [
      { path: '/data/mounted', type: 'directory' },
      { path: '/etc/hosts', type: 'file' },
    ] as const;
    await makeMountPoints(rootfs, mountPoints);
    writeFileSync(join(directory, 'config.json'), `{"hostname": "${name}"}\n`, { mode: 0o600 });
    writeFileSync(join(directory, `${name}.service`), '[Service]\nExecStart=/bin/true\n', { mode: 0o600 });
    const record: DeploymentRecord = {
      version: 1,
      service: name,
      number,
      image,
      created: '2026-01-01T00:00:00.000Z',
      values: {},
      userValues: {},
      dependencies: {
        image: { requires: [], after: [], before: [] },
        user: { requires: [], after: [], before: [] },
      },
      sockets: null,
      runtime: '/usr/sbin/runc',
      units: [`${name}.service`],
      enabled: false,
      files: [
        this.#put(directory, `${name}.service`, `/etc/systemd/system/${name}.service`, 0o644),
        this.#put(directory, 'rootfs/etc/motd', `/usr/local/share/${name}/motd`, 0o640),
        this.#link(`/usr/local/share/${name}/link`, 'motd'),
      ],
      directories: [`/usr/local/share/${name}`],
      beside: [],
      state: [],
      mountPoints: [...mountPoints],
      bundle: keepBundle(this.store, directory),
    };
    writeFileSync(join(directory, 'deployment.json'), formatRecord(record), { mode: 0o600 });
    rmSync(this.paths.current(name), { force: true });
    symlinkSync(String(number), this.paths.current(name));
  }

  /** The path of a file in the checkout of deployment 0. */
  inside(path: string): string {
    return join(this.paths.deployment(WEB, 0), 'rootfs', path);
  }

  /** What differs, one line each, with paths relative to the root. */
  async look(mending: HostMending = 'none', names = [WEB]): Promise<string[]> {
    const { paths, store } = this;
    const kept = (path: string, as: string) => this.kept.push(`${path} as ${as}`);
    const { signal } = new AbortController();
    const { differences } = await verify(names, [], { paths, store, mending, kept, signal });
    return differences.map(({ path, what }) => `${path.slice(paths.root.length)}: ${what}`);
  }

  async repair(mending: HostMending = 'missing'): Promise<void> {
    await repairStore([...imagesOfDeployments(this.paths), ...imagesWithNames(this.store)], this.host());
    await this.look(mending);
  }

  host(): RepairHost {
    return {
      store: this.store,
      platform,
      limits: readLimits(),
      signal: new AbortController().signal,
      open: () => {
        if (!this.registryUp) throw new Error('the registry is down');
        return this.source;
      },
      onProgress: () => {},
      warn: (text) => this.warnings.push(text),
    };
  }

  #put(directory: string, source: string, path: string, mode: number): RecordedFile {
    const to = this.paths.locate(path);
    mkdirSync(dirname(to), { recursive: true });
    copyFileSync(join(directory, source), to);
    chownSync(to, 0, 0);
    chmodSync(to, mode);
    const content = createHash('sha256').update(readFileSync(to)).digest('hex');
    return { path, type: 'file', content, source, mode, uid: 0, gid: 0 };
  }

  #link(path: string, target: string): RecordedFile {
    rmSync(this.paths.locate(path), { force: true });
    symlinkSync(target, this.paths.locate(path));
    return { path, type: 'symlink', content: target, source: '', mode: 0o777, uid: 0, gid: 0 };
  }
}
