import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import {
  createSecureContext,
  getCACertificates,
  type SecureContext,
  type SecureContextOptions,
} from 'node:tls';
import { BerthError, isErrno, messageOf } from '../../../errors.ts';
import { Paths } from '../../../paths.ts';
import { readRegularText } from '../../../regular-file.ts';

// Where distributions keep the bundle, for a node that was built to look elsewhere.
const BUNDLES = [
  '/etc/ssl/certs/ca-certificates.crt',
  '/etc/pki/tls/certs/ca-bundle.crt',
  '/etc/ssl/ca-bundle.pem',
  '/etc/ssl/cert.pem',
];

/**
 * Whose certificate will do: of the system's authorities and those that the folder of the host has, of the latter
 * alone, or of anybody.
 */
export type Trust = 'system' | 'own' | 'any';

/** Files as the system of `paths` names them. */
interface Folder {
  files: string[];
  paths: Paths;
}

/**
 * Whom to trust and what to show: the system's certificate authorities (not those that come with
 * node), and what containers-certs.d(5) has for a host.
 */
export class Certificates {
  readonly #paths: Paths;
  readonly #env: NodeJS.ProcessEnv;
  #system: string[] | undefined;
  #common: SecureContext | undefined;

  constructor(paths: Paths, env: NodeJS.ProcessEnv) {
    this.#paths = paths;
    this.#env = env;
  }

  /**
   * For a connection to `host` or `host:port`. Hosts without anything of their own share one: it has all of the
   * system's authorities, more than a megabyte, and a registry may lead to any number of hosts. Reading those takes
   * a tenth of a second: only with trust in the system they are. Throws `settings-invalid` for files that cannot
   * be used.
   */
  contextFor(host: string, trust: Trust = 'system'): SecureContext {
    const own = this.#folderOf(host);
    if (trust !== 'system') return this.#create(host, own, []);
    this.#system ??= systemAuthorities(this.#env);
    if (own.files.length > 0) return this.#create(host, own, this.#system);
    this.#common ??= this.#create(host, own, this.#system);
    return this.#common;
  }

  #create(host: string, own: Folder, system: string[]): SecureContext {
    const options = this.#optionsWith(own, system);
    try {
      return createSecureContext(options);
    } catch (error) {
      throw unusable(`those for ${host}`, error);
    }
  }

  #optionsWith({ files, paths }: Folder, system: string[]): SecureContextOptions {
    const options: SecureContextOptions = {};
    const named = (suffix: string): string[] => files.filter((file) => file.endsWith(suffix));
    const read = (file: string): string => readText(paths.follow(file));
    const authorities = [...system, ...named('.crt').map(read)];
    // Without any, node's own are better than a refusal of everybody.
    if (authorities.length > 0) options.ca = authorities;
    const certificates = named('.cert');
    // A client's certificate that ends in .crt would count as an authority.
    const lone = named('.key').find((file) => !files.includes(file.replace(/\.key$/, '.cert')));
    if (lone !== undefined) throw unusable(lone, new Error('no certificate that ends in .cert is beside it'));
    if (certificates.length > 0) {
      options.cert = certificates.map(read);
      options.key = certificates.map((file) => read(file.replace(/\.cert$/, '.key')));
    }
    return options;
  }

  #folderOf(host: string): Folder {
    const paths = this.#paths;
    // A redirect may name any host, and ".." is one to the URL parser.
    if (!/^[a-z0-9[]/i.test(host)) return { files: [], paths };
    const home = this.#env['HOME'];
    const system = ['/etc/containers/certs.d', '/etc/docker/certs.d'];
    const own = home ? listFolder(join(home, '.config/containers/certs.d', host), new Paths()) : undefined;
    const found = [own, ...system.map((folder) => listFolder(join(folder, host), paths))];
    return found.find((folder) => folder !== undefined) ?? { files: [], paths };
  }
}

/** What is in a folder of `paths`, by names there; undefined where it is not. */
function listFolder(folder: string, paths: Paths): Folder | undefined {
  try {
    const names = readdirSync(paths.follow(folder)).sort();
    return { files: names.map((name) => join(folder, name)), paths };
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR')) return undefined;
    throw unusable(folder, error);
  }
}

function systemAuthorities(env: NodeJS.ProcessEnv): string[] {
  const extra = getCACertificates('extra');
  const file = env['SSL_CERT_FILE'];
  if (file) return [readText(file), ...extra];
  // Where each has a link of its own beside the bundle, they come several times.
  const system = new Set(getCACertificates('system'));
  if (system.size > 0) return [...system, ...extra];
  for (const bundle of BUNDLES) {
    try {
      return [readRegularText(bundle), ...extra];
    } catch (error) {
      if (!isErrno(error, 'ENOENT', 'ENOTDIR')) throw unusable(bundle, error);
    }
  }
  return [];
}

function readText(file: string): string {
  try {
    return readRegularText(file);
  } catch (error) {
    throw unusable(file, error);
  }
}

function unusable(file: string, error: unknown): BerthError {
  return new BerthError('settings-invalid', `cannot read certificates: ${file}: ${messageOf(error)}`, {
    cause: error,
  });
}
