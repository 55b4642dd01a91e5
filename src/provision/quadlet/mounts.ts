import { resolve } from 'node:path';
import { splitWords } from '../../systemd/split-words.ts';
import type { Draft } from './draft.ts';
import { type Finding, otherwise, refused } from './finding.ts';

/** Where Podman keeps the files of its volumes. */
const VOLUMES = '/var/lib/containers/storage/volumes';

/** Of these, what the service sees is the same without them. */
const HARMLESS = ['rw', 'rbind', 'bind', 'rprivate', 'private', 'nocopy', 'dev', 'exec', 'suid'];

/** What berth mounts in every container that an image does not configure itself. */
const OWN_TMPFS = ['/tmp', '/run', '/dev/shm'];

/** `Volume=[SOURCE:]DESTINATION[:OPTIONS]`. */
export function readVolume(value: string, draft: Draft): Finding | undefined {
  const [first = '', second, options = ''] = value.split(':');
  if (second === undefined) {
    return refused(
      'there are no volumes without a name',
      `keep the files in a directory of the host, such as Volume=/srv/${draft.name}:${first}; what the image declares as its volumes is kept below /var/lib/${draft.name} anyway`,
    );
  }
  return addBind(first, second, options === '' ? [] : options.split(','), draft);
}

/** `Mount=type=TYPE,KEY=VALUE…`, in quotes or not. */
export function readMount(value: string, draft: Draft): Finding | undefined {
  for (const word of splitWords(value)) {
    const finding = readOneMount(word, draft);
    if (finding !== undefined) return finding;
  }
  return undefined;
}

function readOneMount(word: string, draft: Draft): Finding | undefined {
  const fields = new Map(
    word.split(',').map((field) => {
      const [, key = '', text] = /^([^=]*)(?:=(.*))?$/s.exec(field) ?? [];
      return [key, text ?? 'true'];
    }),
  );
  const take = (...keys: string[]): string | undefined => {
    const found = keys.map((key) => fields.get(key)).find((text) => text !== undefined);
    for (const key of keys) fields.delete(key);
    return found;
  };
  const type = take('type') ?? 'volume';
  const source = take('source', 'src') ?? '';
  const destination = take('destination', 'dst', 'target') ?? '';
  const isReadOnly = take('readonly', 'ro') === 'true' || take('rw') === 'false';
  const others = [...fields].map(([key, text]) => (text === 'true' ? key : `${key}=${text}`));
  switch (type) {
    case 'bind':
    case 'volume':
      return addBind(source, destination, isReadOnly ? ['ro', ...others] : others, draft);
    case 'tmpfs':
      return readTmpfs([destination, ...others].join(':'));
    default:
      return refused(`there are no mounts of the type ${type}`, 'mount a directory of the host: type=bind');
  }
}

/** `Tmpfs=DESTINATION[:OPTIONS]`. */
export function readTmpfs(value: string): Finding | undefined {
  const [destination = '', ...options] = value.split(':');
  if (!OWN_TMPFS.includes(destination)) {
    return refused(
      'host.yaml declares no file systems in memory',
      `${OWN_TMPFS.join(', ')} are such already; for others, mount a directory of the host that is one`,
    );
  }
  if (options.length === 0) return undefined;
  return otherwise(`${destination} is in memory as it is, without ${options.join(':')}`);
}

function addBind(written: string, destination: string, options: string[], draft: Draft): Finding | undefined {
  const source = written.startsWith('.') ? resolve(draft.directory, written) : written;
  if (!source.startsWith('/')) return refuseNamed(source, destination);
  const apart = options.find((option) =>
    ['O', 'overlay', 'idmap', 'shared', 'rshared'].includes(option.replace(/=.*/s, '')),
  );
  if (apart !== undefined) {
    return refused(
      `${apart} would show other files than those of the host`,
      'mount the directory without it, or a copy',
    );
  }
  draft.mounts.push({ source, destination, readOnly: options.includes('ro') });
  const left = options.filter((option) => option !== 'ro' && !HARMLESS.includes(option));
  if (left.length === 0) return undefined;
  return otherwise(
    `${source} is mounted without ${left.join(', ')}: owners and labels of its files stay as they are`,
  );
}

function refuseNamed(volume: string, destination: string): Finding {
  const name = volume.endsWith('.volume') ? `systemd-${volume.slice(0, -'.volume'.length)}` : volume;
  return refused(
    'there are no volumes with a name',
    `name the directory: Volume=/srv/${name}:${destination}; Podman has the files so far in ${VOLUMES}/${name}/_data`,
  );
}
