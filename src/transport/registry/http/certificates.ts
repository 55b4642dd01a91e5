import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  createSecureContext,
  getCACertificates,
  type SecureContext,
  type SecureContextOptions,
} from 'node:tls';
import { BerthError, isErrno, messageOf } from '../../../errors.ts';
import type { Paths } from '../../../paths.ts';

// Where distributions keep the bundle, for a node that was built to look elsewhere.
const BUNDLES = [
  '/etc/ssl/certs/ca-certificates.crt',
  '/etc/pki/tls/certs/ca-bundle.crt',
  '/etc/ssl/ca-bundle.pem',
  '/etc/ssl/cert.pem',
];

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
   * system's authorities, more than a megabyte, and a registry may lead to any number of hosts. Throws
   * `settings-invalid` for files that cannot be used.
   */
  contextFor(host: string): SecureContext {
    const own = this.#folderOf(host);
    if (own.length > 0) return this.#create(host, own);
    this.#common ??= this.#create(host, own);
    return this.#common;
  }

  #create(host: string, own: string[]): SecureContext {
    const options = this.#optionsWith(own);
    try {
      return createSecureContext(options);
    } catch (error) {
      throw unusable(`those for ${host}`, error);
    }
  }

  #optionsWith(own: string[]): SecureContextOptions {
    this.#system ??= systemAuthorities(this.#env);
    const options: SecureContextOptions = {};
    const named = (suffix: string): string[] => own.filter((file) => file.endsWith(suffix));
    const authorities = [...this.#system, ...named('.crt').map(read)];
    // Without any, node's own are better than a refusal of everybody.
    if (authorities.length > 0) options.ca = authorities;
    const certificates = named('.cert');
    // A client's certificate that ends in .crt would count as an authority.
    const lone = named('.key').find((file) => !own.includes(file.replace(/\.key$/, '.cert')));
    if (lone !== undefined) throw unusable(lone, new Error('no certificate that ends in .cert is beside it'));
    if (certificates.length > 0) {
      options.cert = certificates.map(read);
      options.key = certificates.map((file) => read(file.replace(/\.cert$/, '.key')));
    }
    return options;
  }

  #folderOf(host: string): string[] {
    // A redirect may name any host, and ".." is one to the URL parser.
    if (!/^[a-z0-9[]/i.test(host)) return [];
    const home = this.#env['HOME'];
    const folders = [
      ...(home ? [join(home, '.config/containers/certs.d')] : []),
      this.#paths.locate('/etc/containers/certs.d'),
      this.#paths.locate('/etc/docker/certs.d'),
    ];
    for (const folder of folders.map((parent) => join(parent, host))) {
      try {
        return readdirSync(folder)
          .sort()
          .map((name) => join(folder, name));
      } catch (error) {
        if (!isErrno(error, 'ENOENT', 'ENOTDIR')) throw unusable(folder, error);
      }
    }
    return [];
  }
}

function systemAuthorities(env: NodeJS.ProcessEnv): string[] {
  const extra = getCACertificates('extra');
  const file = env['SSL_CERT_FILE'];
  if (file) return [read(file), ...extra];
  const system = getCACertificates('system');
  if (system.length > 0) return [...system, ...extra];
  for (const bundle of BUNDLES) {
    try {
      return [readFileSync(bundle, 'utf8'), ...extra];
    } catch (error) {
      if (!isErrno(error, 'ENOENT', 'ENOTDIR')) throw unusable(bundle, error);
    }
  }
  return [];
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw unusable(file, error);
  }
}

function unusable(file: string, error: unknown): BerthError {
  return new BerthError('settings-invalid', `cannot read certificates: ${file}: ${messageOf(error)}`, {
    cause: error,
  });
}
