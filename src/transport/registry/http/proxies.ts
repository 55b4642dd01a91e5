import { BlockList, isIP } from 'node:net';
import { BerthError } from '../../../errors.ts';
import { basicAuthorization } from './basic-authorization.ts';
import { isLoopback } from './loopback.ts';

/**
 * Which proxy a request goes through: HTTPS_PROXY, HTTP_PROXY and NO_PROXY, in upper or else in lower case,
 * as Go programs such as podman and skopeo read them. This machine is never asked through a proxy.
 */
export class Proxies {
  readonly #secure: URL | undefined;
  readonly #plain: URL | undefined;
  readonly #exemptions: string[];

  /** Throws `settings-invalid` for a proxy that is no URL of one. */
  constructor(env: NodeJS.ProcessEnv) {
    this.#secure = proxyOf(env, 'HTTPS_PROXY');
    this.#plain = proxyOf(env, 'HTTP_PROXY');
    this.#exemptions = (variable(env, 'NO_PROXY') ?? '')
      .toLowerCase()
      .split(/[\s,]+/)
      .filter((entry) => entry !== '');
  }

  /** The proxy for a URL, undefined to connect to its host. */
  for(url: URL): URL | undefined {
    const isExempt = isLoopback(url.hostname) || this.#exemptions.some((entry) => covers(entry, url));
    if (isExempt) return undefined;
    return url.protocol === 'https:' ? this.#secure : this.#plain;
  }
}

function variable(env: NodeJS.ProcessEnv, name: string): string | undefined {
  return env[name] || env[name.toLowerCase()] || undefined;
}

// No message shows the value: it may have a password.
function proxyOf(env: NodeJS.ProcessEnv, name: string): URL | undefined {
  const text = variable(env, name);
  if (text === undefined) return undefined;
  try {
    const proxy = new URL(/^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `http://${text}`);
    proxyHeaders(proxy);
    if (proxy.protocol === 'http:' || proxy.protocol === 'https:') return proxy;
  } catch {
    // What the parser says shows the value.
  }
  throw new BerthError('settings-invalid', `not an HTTP proxy: ${name} in the environment`, {
    hint: `set ${name} to http://HOST:PORT or https://HOST:PORT, or unset it`,
  });
}

/** What shows a proxy who asks. */
export function proxyHeaders({ username, password }: URL): Record<string, string> {
  if (username === '') return {};
  const credential = basicAuthorization(decodeURIComponent(username), decodeURIComponent(password));
  return { 'proxy-authorization': credential };
}

/** Whether an entry of NO_PROXY is about a host: `*`, an address, a range (CIDR), a domain; with a port if so. */
function covers(entry: string, url: URL): boolean {
  if (entry === '*') return true;
  const [, name = entry, port] = /^(\[.*\]|[^:]*):([0-9]+)$/.exec(entry) ?? [];
  if (port !== undefined && port !== portOf(url)) return false;
  const host = bare(url.hostname);
  if (isIP(host) !== 0) return coversAddress(bare(name), host);
  const suffix = name.replace(/^\*?\./, '.');
  // A domain stands for itself and what is below it, with a dot before it only for the latter.
  return host.endsWith(suffix.startsWith('.') ? suffix : `.${suffix}`) || host === suffix;
}

function coversAddress(entry: string, address: string): boolean {
  const [, network = entry, bits] = /^(.*)\/([0-9]{1,3})$/.exec(entry) ?? [];
  const version = isIP(network);
  const width = version === 4 ? 32 : 128;
  const prefix = bits === undefined ? width : Number(bits);
  if (version === 0 || prefix > width) return false;
  const list = new BlockList();
  list.addSubnet(network, prefix, familyOf(network));
  return list.check(address, familyOf(address));
}

function familyOf(address: string): 'ipv4' | 'ipv6' {
  return isIP(address) === 4 ? 'ipv4' : 'ipv6';
}

function bare(host: string): string {
  return host.replace(/^\[(.*)\]$/, '$1');
}

function portOf(url: URL): string {
  return url.port || (url.protocol === 'https:' ? '443' : '80');
}
