import { constants } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { followPath } from './follow-path.ts';
import type { ServiceName } from './service-name.ts';

/**
 * Every path that berth reads or writes, below one root directory. The getters and methods that name a
 * place give the path to open now. Units, config.json and records carry the same places as the installed
 * system names them: those of `installed`.
 */
export class Paths {
  readonly root: string;
  /** The time that all that is built below the root shall have, instead of the clock's. */
  readonly sourceDate: Date | undefined;

  constructor(root = '/', sourceDate?: Date) {
    this.root = root;
    this.sourceDate = sourceDate;
  }

  /** The same places as the installed system names them. */
  get installed(): Paths {
    return this.root === '/' ? this : new Paths();
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

  get state(): string {
    return this.follow('/var/lib/berth');
  }
  get lock(): string {
    return this.locate('/var/lib/berth/lock');
  }
  get store(): string {
    return this.follow('/var/lib/berth/store');
  }
  get journal(): string {
    return this.follow('/var/lib/berth/journal');
  }
  get deployments(): string {
    return this.follow('/var/lib/berth/deployments');
  }
  service(name: ServiceName): string {
    return this.follow(`/var/lib/berth/deployments/${name}`);
  }
  deployment(name: ServiceName, number: number): string {
    return this.follow(`/var/lib/berth/deployments/${name}/${number}`);
  }
  /** The symlink that names the live deployment. */
  current(name: ServiceName): string {
    return join(this.service(name), 'current');
  }
  /** How the live deployment came to be the live one. */
  history(name: ServiceName): string {
    return join(this.service(name), 'history.json');
  }

  /** Units that berth installs for itself, as they were installed. */
  ownUnits(name: string): string {
    return this.follow(`/var/lib/berth/${name}`);
  }

  get units(): string {
    return this.follow('/etc/systemd/system');
  }
  unit(file: string): string {
    return this.locate(`/etc/systemd/system/${file}`);
  }
  tmpfiles(name: ServiceName): string {
    return this.locate(`/etc/tmpfiles.d/${name}.conf`);
  }
  sysusers(name: ServiceName): string {
    return this.locate(`/etc/sysusers.d/${name}.conf`);
  }
  get settings(): string {
    return this.follow('/etc/berth/berth.yaml');
  }
  /** What the last `berth apply` left to be known. */
  get applied(): string {
    return this.locate('/var/lib/berth/apply.json');
  }

  /** `host.yaml`, `host.lock` or what is in `host.d`: the services that the host should have. */
  hostFile(name: string): string {
    return this.follow(`/etc/berth/${name}`);
  }
}
