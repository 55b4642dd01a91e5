import { type Dependencies, NO_DEPENDENCIES, parseDependencies } from '../../deployment/dependencies.ts';
import { checkSettable, checkValue } from '../../deployment/template/values.ts';
import { parseImageReference } from '../../reference/image-reference.ts';
import { quote } from '../../reference/quote.ts';
import { parseServiceName } from '../../service-name.ts';
import type { UnitName } from '../../systemd/unit-name.ts';
import type { DeclaredService, Position } from '../declared-service.ts';
import type { Mistakes } from './mistakes.ts';
import { readMounts } from './read-mounts.ts';
import { SocketReader } from './socket-reader.ts';
import {
  at,
  has,
  isTrue,
  keyPath,
  mergeTrees,
  scalarsAt,
  type TreeEntry,
  type TreeMapping,
  type TreeScalar,
} from './tree.ts';

const MOST_SERVICES = 1000;
const UPDATES = ['auto', 'apply', 'pinned'] as const;

/** The services of a tree that its schema allows. Everything that is wrong with them becomes a mistake. */
export function readServices(tree: TreeMapping, mistakes: Mistakes): DeclaredService[] {
  const reader = new ServiceReader(mistakes);
  const services = at(tree, 'services', 'mapping');
  if (services === undefined) return [];
  for (const [name, { key, value }] of services.entries) {
    if (value.kind === 'mapping') reader.read(name, { key, value });
  }
  return reader.services;
}

interface Entry extends TreeEntry {
  value: TreeMapping;
}

class ServiceReader {
  readonly services: DeclaredService[] = [];
  readonly #mistakes: Mistakes;
  readonly #sockets: SocketReader;

  constructor(mistakes: Mistakes) {
    this.#mistakes = mistakes;
    this.#sockets = new SocketReader(mistakes);
  }

  read(name: string, entry: Entry): void {
    const instances = at(entry.value, 'instances', 'mapping');
    if (instances === undefined) this.#service(name, name, entry);
    else this.#instances(name, entry, instances);
  }

  #instances(name: string, { key, value }: Entry, instances: TreeMapping): void {
    const path = keyPath('services', name);
    const sockets = value.entries.get('sockets');
    if (name.includes('@')) {
      this.#mistakes.add(key, `${path} is an instance, and has instances: leave out one of both`);
    } else if (![...instances.entries.keys()].some((instance) => has(instances, instance))) {
      this.#mistakes.add(instances.position, `${path}.instances names none: write NAME: {}`);
    } else if (sockets !== undefined && has(value, 'sockets')) {
      this.#mistakes.add(
        sockets.key,
        `${path}.sockets: instances have no sockets: make each a service of its own`,
      );
    } else {
      for (const [instance, own] of instances.entries) {
        if (own.value.kind !== 'mapping') continue;
        this.#service(name, `${name}@${instance}`, { key: own.key, value: mergeTrees(value, own.value) });
      }
    }
  }

  /** `declared` is the key in `services` that an instance shares with others. */
  #service(declared: string, text: string, { key, value }: Entry): void {
    const path = keyPath('services', declared);
    if (this.services.length === MOST_SERVICES) {
      this.#mistakes.add(key, `${path}: more than ${MOST_SERVICES} services, instances included`);
      return;
    }
    const name = this.#mistakes.attempt(key, path, () => parseServiceName(text));
    const service = {
      image: this.#image(value, key, path),
      values: this.#values(value, path),
      enabled: flag(value, 'enabled'),
      started: flag(value, 'started'),
      sockets: this.#sockets.read(value, path),
      dependencies: this.#dependencies(value, `${text}.service`, path),
      update: UPDATES.find((update) => update === at(value, 'update', 'scalar')?.text) ?? 'apply',
      mounts: readMounts(value, path, this.#mistakes),
      resources: this.#resources(value, path),
    };
    if (name === undefined) return;
    const other = this.services.find((each) => each.name === name)?.position;
    if (other !== undefined) {
      this.#mistakes.add(
        key,
        `${path}: ${name} is declared already (${other.file}:${other.line}): leave one out`,
      );
    }
    this.services.push({ name, ...service, position: key });
  }

  #image(service: TreeMapping, key: TreeEntry['key'], path: string): string {
    const image = at(service, 'image', 'scalar');
    if (image === undefined) {
      if (!has(service, 'image')) this.#mistakes.add(key, `${path}.image is missing: name an image`);
      return '';
    }
    const { position, text } = image;
    // The working directory is no one's choice when this is read at boot.
    if (/^(?:oci|oci-archive|docker-archive|dir):(?!\/)|^ostree:\./.test(text)) {
      this.#mistakes.add(
        position,
        `${path}.image: not an absolute path: ${quote(text)}: write it with the whole path`,
      );
    } else this.#mistakes.attempt(position, `${path}.image`, () => parseImageReference(text));
    return text;
  }

  #values(service: TreeMapping, path: string): Record<string, string> {
    const where = `${path}.values`;
    return this.#texts(service, 'values', (name, key, { position, text }) => {
      this.#mistakes.attempt(key, undefined, () => checkSettable(name, '', where));
      this.#mistakes.attempt(position, undefined, () => checkValue(name, text, where));
    });
  }

  #resources(service: TreeMapping, path: string): Record<string, string> {
    return this.#texts(service, 'resources', (name, _key, { position, text }) => {
      // What a unit's line cannot carry; the schema says the rest.
      if (!/[\p{Cc}\u2028\u2029]|^\s|\s$|\\$/u.test(text)) return;
      const allowed = 'write one line, with no blank around it and no backslash at its end';
      this.#mistakes.add(position, `${path}.resources.${name}: ${quote(text)}: ${allowed}`);
    });
  }

  /** The texts of a mapping that are not taken out, each checked. */
  #texts(
    service: TreeMapping,
    key: 'values' | 'resources',
    check: (name: string, key: Position, value: TreeScalar) => void,
  ): Record<string, string> {
    const texts: [string, string][] = [];
    for (const [name, entry] of at(service, key, 'mapping')?.entries ?? []) {
      if (entry.value.kind !== 'scalar' || entry.value.type === 'null') continue;
      check(name, entry.key, entry.value);
      texts.push([name, entry.value.text]);
    }
    return Object.fromEntries(texts);
  }

  #dependencies(service: TreeMapping, own: string, path: string): Dependencies {
    const read = (kind: keyof Dependencies): UnitName[] =>
      scalarsAt(service, kind).flatMap(({ position, text }) => {
        const written = { ...NO_DEPENDENCIES, [kind]: [text] };
        const units = this.#mistakes.attempt(
          position,
          `${path}.${kind}`,
          () => parseDependencies(written)[kind],
        );
        if (units?.some((unit) => unit === own)) {
          this.#mistakes.add(position, `${path}.${kind}: ${own} cannot depend on itself: leave it out`);
        }
        return units ?? [];
      });
    return { requires: read('requires'), after: read('after'), before: read('before') };
  }
}

/** What nobody says is true. */
function flag(service: TreeMapping, key: 'enabled' | 'started'): boolean {
  const scalar = at(service, key, 'scalar');
  return scalar === undefined || isTrue(scalar);
}
