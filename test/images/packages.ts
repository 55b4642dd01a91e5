import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';

/** Kept out of every image. */
const NOT_NEEDED = ['/usr/share/doc/*', '/usr/share/man/*', '/usr/share/info/*', '/usr/share/locale/*'];

/** This machine's apt, set up to install into the root file system of an image. */
export class Packages {
  readonly #work: string;
  #hasLists = false;

  /** `work` is a directory for package lists and the like. */
  constructor(work: string) {
    this.#work = work;
  }

  /** Makes the smallest root file system that packages can be installed in. */
  async bootstrap(root: string): Promise<void> {
    const { VERSION_CODENAME: suite = '' } = await osRelease();
    const sources = await this.#writeSources();
    const excluded = NOT_NEEDED.map((path) => `--dpkgopt=path-exclude=${path}`);
    await execa('mmdebstrap', [
      ...['--quiet', '--variant=essential', '--skip=cleanup/apt/lists'],
      ...excluded,
      ...[suite, root, sources],
    ]);
    // The lists go on serving the further layers, and are no part of the image.
    await rename(join(root, 'var/lib/apt/lists'), join(this.#work, 'lists'));
    this.#hasLists = true;
    await Promise.all(['var/cache/apt', 'var/log'].map((place) => removeFiles(join(root, place))));
  }

  /** Installs packages into a root that `bootstrap` made, without starting or configuring anything on this machine. */
  async install(root: string, packages: string[]): Promise<void> {
    const archives = join(root, 'tmp/archives');
    await mkdir(join(archives, 'partial'), { recursive: true });
    await this.#getLists(root, archives);
    await execa('apt-get', [...this.#aptOptions(root, archives), 'install', '--download-only', ...packages]);
    const policy = join(root, 'usr/sbin/policy-rc.d');
    await writeFile(policy, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
    await execa('chroot', [root, 'sh', '-c', 'dpkg --install --force-unsafe-io /tmp/archives/*.deb'], {
      env: { DEBIAN_FRONTEND: 'noninteractive', PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C.UTF-8' },
      extendEnv: false,
      stdin: 'ignore',
    });
    await rm(policy);
    await rm(archives, { recursive: true });
    await Promise.all(['var/cache/debconf', 'var/log'].map((place) => removeFiles(join(root, place))));
  }

  /** Fetches the package lists, unless `bootstrap` just did: those of an earlier day name files that are gone. */
  async #getLists(root: string, archives: string): Promise<void> {
    if (this.#hasLists) {
      return;
    }
    await this.#writeSources();
    await mkdir(join(this.#work, 'lists/partial'), { recursive: true });
    await execa('apt-get', [...this.#aptOptions(root, archives), 'update']);
    this.#hasLists = true;
  }

  /** The mirrors and proxies of this machine's apt, and of its sources only the distribution's own. */
  async #writeSources(): Promise<string> {
    await writeFile(this.#sources, await distributionSources());
    return this.#sources;
  }

  get #sources(): string {
    return join(this.#work, 'sources.list');
  }

  #aptOptions(root: string, archives: string): string[] {
    const options = {
      'Dir::State::status': join(root, 'var/lib/dpkg/status'),
      'Dir::State::extended_states': join(this.#work, 'extended_states'),
      'Dir::State::lists': join(this.#work, 'lists'),
      'Dir::Etc::sourcelist': this.#sources,
      'Dir::Etc::sourceparts': '/dev/null',
      // What this machine prefers or holds back says nothing about an image.
      'Dir::Etc::preferences': '/dev/null',
      'Dir::Etc::preferencesparts': '/dev/null',
      'Dir::Cache::archives': archives,
      'Dir::Cache::pkgcache': '',
      'Dir::Cache::srcpkgcache': '',
      'APT::Sandbox::User': 'root',
      'Debug::NoLocking': 'true',
    };
    return [
      '--yes',
      '--quiet',
      '--no-install-recommends',
      ...Object.entries(options).flatMap(([name, value]) => ['-o', `${name}=${value}`]),
    ];
  }
}

/** Logs and caches. The directories stay: programs expect their own. */
async function removeFiles(dir: string): Promise<void> {
  await execa('find', [dir, '-type', 'f', '-delete']);
}

/** One `deb` line for each part of the distribution's archive that this machine uses. */
async function distributionSources(): Promise<string> {
  const { ID: distribution = '' } = await osRelease();
  const { stdout } = await execa('apt-get', [
    'indextargets',
    '--format',
    '$(ORIGIN)|$(REPO_URI)|$(RELEASE)|$(COMPONENT)',
    'Created-By: Packages',
  ]);
  const lines = new Set<string>();
  for (const line of stdout.split('\n')) {
    const [origin = '', uri, suite, component] = line.split('|');
    if (origin.toLowerCase() === distribution) {
      lines.add(`deb ${uri} ${suite} ${component}`);
    }
  }
  if (lines.size === 0) {
    throw new Error(`apt on this machine knows no source of ${distribution}: run apt-get update`);
  }
  return `${[...lines].join('\n')}\n`;
}

async function osRelease(): Promise<Record<string, string>> {
  const lines = (await readFile('/etc/os-release', 'utf8')).matchAll(/^(\w+)="?([^"\n]*)"?$/gm);
  return Object.fromEntries(Array.from(lines, ([, name, value]) => [name, value]));
}
