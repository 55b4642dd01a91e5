import { constants } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { followPath } from './follow-path.ts';
import type { ServiceName } from './service-name.ts';

type SideName = 'host' | 'vendor';

/** What differs between the side that a host's administrator changes and the one that its vendor ships. */
const SIDES = {
  host: {
    state: '/var/lib/berth',
    units: '/etc/systemd/system',
    tmpfiles: '/etc/tmpfiles.d',
    sysusers: '/etc/sysusers.d',
  },
  // An image of an operating system brings /usr: its /var starts empty, and its /etc may.
  vendor: {
    state: '/usr/lib/berth',
    units: '/usr/lib/systemd/system',
    tmpfiles: '/usr/lib/tmpfiles.d',
    sysusers: '/usr/lib/sysusers.d',
  },
} as const;

interface PathsOptions {
  side?: SideName;
  sourceDate?: Date | undefined;
}

/**
 * Every path that berth reads or writes, below one root directory and on one side of the system. The getters
 * and methods that name a place give the path to open now. Units, config.json and records carry the same
 * places as the installed system names them: those of `installed`.
 */
export class Paths {
  readonly root: string;
  /** The time that all that is built below the root shall have, instead of the clock's. */
  readonly sourceDate: Date | undefined;
  readonly #side: SideName;

  constructor(root = '/', { side = 'host', sourceDate }: PathsOptions = {}) {
    this.root = root;
    this.sourceDate = sourceDate;
    this.#side = side;
  }

  /** The same places as the installed system names them. */
  get installed(): Paths {
    return this.root === '/' ? this : new Paths('/', { side: this.#side });
  }

  /** True on the side of what an image of the operating system brings. */
  get isVendor(): boolean {
    return this.#side === 'vendor';
  }

  /** The sides on which services are found, what goes before first: a host's own hide the vendor's. */
  get sides(): readonly Paths[] {
    return this.isVendor
      ? [this]
      : [this, new Paths(this.root, { side: 'vendor', sourceDate: this.sourceDate })];
  }

  /** The side on which a deployment lies. */
  sideOf({ vendor }: { vendor?: true }): Paths {
    const [, other] = this.sides;
    return vendor && other !== undefined ? other : this;
  }

  /**
   * Where a host's own file hides a vendor's that systemd reads; undefined for any other path. Both are as
   * the installed system names them.
   */
  static hiding(path: string): string | undefined {
    for (const kind of ['units', 'tmpfiles', 'sysusers'] as const) {
      const shipped = `${SIDES.vendor[kind]}/`;
      if (path.startsWith(shipped)) return join(SIDES.host[kind], path.slice(shipped.length));
    }
    return undefined;
  }

  /**
   * The path to open now for what stands at a path of the installed system, a symlink that stands there
   * itself included: to look at it, to make, to move or to remove it. On the way there, symlinks are those
   * of the installed system: an absolute one leads to a place below the root. Throws ELOOP as the
   * kernel does.
   */
  locate(inside: string): string {
    return this.root === '/' ? inside : join(this.follow(dirname(inside)), basename(inside));
  }

  /** The same for what a path leads to, through a symlink that stands there too: to read or to list it. Throws ELOOP. */
  follow(inside: string): string {
    // The kernel follows those of the running system.
    if (this.root === '/') return inside;
    const { path, type } = followPath(this.root, inside);
    if (type !== 'loop') return path;
    const message = `ELOOP: too many symbolic links encountered, open '${join(this.root, inside)}'`;
    throw Object.assign(new Error(message), { code: 'ELOOP', errno: -constants.errno.ELOOP, path });
  }

  get #places() {
    return SIDES[this.#side];
  }

  get state(): string {
    return this.follow(this.#places.state);
  }
  get lock(): string {
    return this.locate(`${this.#places.state}/lock`);
  }
  get store(): string {
    return this.follow(`${this.#places.state}/store`);
  }
  get journal(): string {
    return this.follow(`${this.#places.state}/journal`);
  }
  get deployments(): string {
    return this.follow(`${this.#places.state}/deployments`);
  }
  service(name: ServiceName): string {
    return this.follow(`${this.#places.state}/deployments/${name}`);
  }
  deployment(name: ServiceName, number: number): string {
    return this.follow(`${this.#places.state}/deployments/${name}/${number}`);
  }
  /** The symlink that names the live deployment. */
  current(name: ServiceName): string {
    return join(this.service(name), 'current');
  }
  /** How the live deployment came to be the live one. */
  history(name: ServiceName): string {
    return join(this.service(name), 'history.json');
  }

  /** Where images run that run once. */
  get runs(): string {
    return this.follow(`${this.#places.state}/runs`);
  }

  /** What is mounted for people to look at: a directory for each. */
  get mounts(): string {
    return this.follow(`${this.#places.state}/mounts`);
  }

  /** Units that berth installs for itself, as they were installed. */
  ownUnits(name: string): string {
    return this.follow(`${this.#places.state}/${name}`);
  }

  get units(): string {
    return this.follow(this.#places.units);
  }
  unit(file: string): string {
    return this.locate(`${this.#places.units}/${file}`);
  }
  tmpfiles(name: ServiceName): string {
    return this.locate(`${this.#places.tmpfiles}/${name}.conf`);
  }
  sysusers(name: ServiceName): string {
    return this.locate(`${this.#places.sysusers}/${name}.conf`);
  }
  /** Says whether the service starts at boot, for a system whose /etc starts empty (systemd.preset(5)). */
  preset(name: ServiceName): string {
    return this.locate(`/usr/lib/systemd/system-preset/80-berth-${name}.preset`);
  }
  get settings(): string {
    return this.follow('/etc/berth/berth.yaml');
  }
  /** What the last `berth apply` left to be known. */
  get applied(): string {
    return this.locate(`${this.#places.state}/apply.json`);
  }

  /** Where scanners are declared: the host's own, which go first, and the vendor's. */
  get scanners(): readonly string[] {
    return ['/etc', '/usr/lib'].map((place) => this.follow(`${place}/berth/scanners.d`));
  }

  /** `host.yaml`, `host.lock` or what is in `host.d`: the services that the host should have. */
  hostFile(name: string): string {
    return this.follow(`/etc/berth/${name}`);
  }
}
