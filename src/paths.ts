import { join } from 'node:path';
import type { ServiceName } from './service-name.ts';

/**
 * Every path that berth reads or writes, below one root directory.
 *
 * Getters give the path to open now, with the root in front. `inside` gives the same place as the
 * installed system names it: that is what units, config.json and records carry.
 */
export class Paths {
  readonly root: string;

  constructor(root = '/') {
    this.root = root;
  }

  /** The path to open now for a path that the installed system calls `inside`. */
  locate(inside: string): string {
    return this.root === '/' ? inside : join(this.root, inside);
  }

  /** The reverse of `locate`. */
  inside(located: string): string {
    return this.root === '/' ? located : located.slice(this.root.length);
  }

  get state(): string {
    return this.locate('/var/lib/berth');
  }
  get lock(): string {
    return join(this.state, 'lock');
  }
  get store(): string {
    return join(this.state, 'store');
  }
  get journal(): string {
    return join(this.state, 'journal');
  }
  get deployments(): string {
    return join(this.state, 'deployments');
  }
  service(name: ServiceName): string {
    return join(this.deployments, name);
  }
  deployment(name: ServiceName, number: number): string {
    return join(this.service(name), String(number));
  }
  /** The symlink that names the live deployment. */
  current(name: ServiceName): string {
    return join(this.service(name), 'current');
  }
  /** How the live deployment came to be the live one. */
  history(name: ServiceName): string {
    return join(this.service(name), 'history.json');
  }

  /** The units of the automatic update as they were installed. */
  get autoUpdate(): string {
    return join(this.state, 'auto-update');
  }

  get units(): string {
    return this.locate('/etc/systemd/system');
  }
  unit(file: string): string {
    return join(this.units, file);
  }
  tmpfiles(name: ServiceName): string {
    return join(this.locate('/etc/tmpfiles.d'), `${name}.conf`);
  }
  sysusers(name: ServiceName): string {
    return join(this.locate('/etc/sysusers.d'), `${name}.conf`);
  }
  get settings(): string {
    return this.locate('/etc/berth/berth.yaml');
  }
}
