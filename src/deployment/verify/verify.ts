import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { BerthError, isErrno } from '../../errors.ts';
import { readImageTree } from '../../layer/stored-layer.ts';
import type { Paths } from '../../paths.ts';
import type { ServiceName } from '../../service-name.ts';
import { ContentCheck } from '../../store/content-check.ts';
import { readImageParts } from '../../store/image-parts.ts';
import type { Store } from '../../store/store.ts';
import { checkoutOf } from '../foreign-rootfs.ts';
import type { ImageUse } from '../images-in-use.ts';
import { type DeploymentRecord, listDeployments, readCurrent, readRecord } from '../record.ts';
import { isShipped } from '../vendor-files.ts';
import { compareBundle } from './compare-bundle.ts';
import { compareCheckout } from './compare-checkout.ts';
import { compareCurrent } from './compare-current.ts';
import { compareForeignRootfs } from './compare-foreign-rootfs.ts';
import { compareHostFiles, type HostMending } from './compare-host-files.ts';
import { CheckoutMender } from './mend-checkout.ts';
import { addMountPoints } from './mount-point-nodes.ts';

/** Something that is not as it was recorded. */
export interface Difference {
  /** Null for the store, which services share. */
  service: ServiceName | null;
  path: string;
  /** Such as "missing" or "mode 0777 instead of 0755". */
  what: string;
}

export interface VerifyOptions {
  paths: Paths;
  /** The side from which services are seen, where it is another one. */
  host?: Paths;
  store: Store;
  /** What to put right on the way; content of the store is put right before, by `repairStore`. */
  mending: HostMending;
  /** Says that a file a person changed was moved aside. */
  kept(path: string, as: string): void;
  signal: AbortSignal;
}

export interface VerifyReport {
  differences: Difference[];
  /** Objects of the store that were read. */
  objects: number;
  /** Their bytes. */
  bytes: number;
  /** True when a file on the host was put back, which systemd may have to read. */
  hostFilesPutBack: boolean;
  /** Units of the live deployments. */
  units: string[];
  /** Root file systems that are not berth's: there is nothing to compare their content with. */
  foreign: string[];
}

/**
 * Compares services of one side with what was recorded when they were installed: every object that a kept
 * deployment uses, its checkout, config.json and the like; and of the live one, units and host files.
 * `images` are checked in the store, too. Nobody may write meanwhile. Throws `interrupted`.
 */
export async function verify(
  services: ServiceName[],
  images: ImageUse[],
  options: VerifyOptions,
): Promise<VerifyReport> {
  const verification = new Verification(options);
  for (const service of services) await verification.service(service);
  for (const image of images) await verification.image(image);
  return verification.report();
}

class Verification {
  readonly #options: VerifyOptions;
  readonly #content: ContentCheck;
  readonly #differences: Difference[] = [];
  #hostFilesPutBack = false;
  readonly #units: string[] = [];
  readonly #foreign = new Set<string>();

  constructor(options: VerifyOptions) {
    this.#options = options;
    this.#content = new ContentCheck(options.store, options.signal);
  }

  async service(name: ServiceName): Promise<void> {
    const { paths, mending, kept } = this.#options;
    const report = (path: string, what: string) => this.#differs(name, path, what);
    const numbers = listDeployments(paths, name);
    const records = new Map<number, DeploymentRecord | undefined>();
    for (const number of numbers) records.set(number, await this.#deployment(name, number));
    const live = this.#isAtVendors(name)
      ? undefined
      : compareCurrent({ paths, name, numbers, mend: mending !== 'none', report });
    const record = live === undefined ? undefined : this.#untouched(records.get(live));
    this.#units.push(...(record?.units ?? []));
    if (record !== undefined && compareHostFiles({ paths, record, mending, report, kept })) {
      this.#hostFilesPutBack = true;
    }
    const known = new Set([...numbers.map(String), 'current', 'history.json']);
    for (const entry of readdirSync(paths.service(name))) {
      // A crash may leave what was to become `current`.
      if (!known.has(entry) && !entry.endsWith('.berth-new'))
        report(join(paths.service(name), entry), 'extra');
    }
  }

  /** True for a service of which only the vendor's deployment is live. */
  #isAtVendors(name: ServiceName): boolean {
    const [current, vendors] = this.#options.paths.sides.map((side) => readCurrent(side, name));
    return current === undefined && vendors !== undefined;
  }

  /** Of a deployment of the vendor's that is hidden, without what the one that hides it may have replaced. */
  #untouched(record: DeploymentRecord | undefined): DeploymentRecord | undefined {
    const { paths, host = paths } = this.#options;
    if (record === undefined || host === paths || readCurrent(host, record.service) === undefined)
      return record;
    return { ...record, files: record.files.filter(isShipped) };
  }

  async image({ manifestDigest, parts }: ImageUse): Promise<void> {
    if (parts !== undefined) await this.#content.image(parts);
    else if (this.#content.blob(manifestDigest)) this.#configOf(manifestDigest);
  }

  report(): VerifyReport {
    const stored = this.#content.problems.map(({ path, what }) => ({ service: null, path, what }));
    return {
      differences: [...stored, ...this.#differences],
      objects: this.#content.objects,
      bytes: this.#content.bytes,
      hostFilesPutBack: this.#hostFilesPutBack,
      units: this.#units,
      foreign: [...this.#foreign],
    };
  }

  async #deployment(name: ServiceName, number: number): Promise<DeploymentRecord | undefined> {
    const { paths, store, mending } = this.#options;
    const directory = paths.deployment(name, number);
    const record = this.#record(name, number);
    if (record === undefined) return undefined;
    if (await this.#content.image(record.image)) this.#checkImage(record, directory);
    const report = (path: string, what: string) => this.#differs(name, path, what);
    const common = { content: this.#content, store, report };
    compareBundle({ ...common, directory, bundle: record.bundle, mend: mending !== 'none' });
    this.#checkout(record, directory);
    const { rootfs } = record;
    if (rootfs !== undefined) {
      this.#foreign.add(rootfs.directory);
      await compareForeignRootfs({ paths, rootfs, deployment: directory, mend: mending !== 'none', report });
    }
    return record;
  }

  #checkout(record: DeploymentRecord, directory: string): void {
    const { store, mending } = this.#options;
    const rootfs = checkoutOf(directory, record.rootfs);
    if (!record.image.diffIds.every((diffId) => this.#content.hasRecord(diffId))) {
      this.#differs(record.service, rootfs, 'cannot be compared: its layers are damaged');
      return;
    }
    const tree = readImageTree(store, record.image.diffIds);
    const loose = addMountPoints(tree, record.mountPoints);
    compareCheckout({
      rootfs,
      tree,
      loose,
      content: this.#content,
      mender: mending === 'none' ? undefined : new CheckoutMender(store, this.#content, loose),
      report: (path, what) => this.#differs(record.service, readable(path), what),
    });
  }

  /** The record itself has no copy: it must at least agree with the image that it names. */
  #checkImage({ service, image }: DeploymentRecord, directory: string): void {
    const { configDigest, diffIds } = readImageParts(this.#options.store, image.manifestDigest);
    if (configDigest === image.configDigest && diffIds.join() === image.diffIds.join()) return;
    this.#differs(service, join(directory, 'deployment.json'), 'names other layers than its image has');
  }

  #configOf(manifestDigest: ImageUse['manifestDigest']): void {
    try {
      readImageParts(this.#options.store, manifestDigest);
    } catch (error) {
      if (!(error instanceof BerthError) || error.code !== 'store-damaged') throw error;
      this.#differs(null, this.#options.store.blob(manifestDigest), error.message);
    }
  }

  #record(name: ServiceName, number: number): DeploymentRecord | undefined {
    const file = join(this.#options.paths.deployment(name, number), 'deployment.json');
    try {
      const record = readRecord(this.#options.paths, name, number);
      if (record.service === name && record.number === number) return record;
      this.#differs(name, file, `is the record of deployment ${record.number} of ${record.service}`);
    } catch (error) {
      if (!(error instanceof BerthError) || error.code !== 'deployment-damaged') throw error;
      this.#differs(name, file, isErrno(error.cause, 'ENOENT') ? 'missing' : 'cannot be read');
    }
    return undefined;
  }

  #differs(service: ServiceName | null, path: string, what: string): void {
    this.#differences.push({ service, path, what });
  }
}

/** A name as text; bytes that are no UTF-8 come out as U+FFFD. */
function readable(latin1: string): string {
  return Buffer.from(latin1, 'latin1').toString();
}
