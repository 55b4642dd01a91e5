import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { Paths } from '../../../src/paths.ts';
import { endpointsOf } from '../../../src/reference/endpoints.ts';
import { loadRegistries } from '../../../src/reference/load-registries.ts';
import { formatReference, parseReference } from '../../../src/reference/reference.ts';
import { resolveShortName } from '../../../src/reference/short-name.ts';
import { type FuzzKind, isRefusal } from '../kind.ts';
import { mutateText } from '../mutate/text.ts';

const FILES = [
  `unqualified-search-registries = ["registry.example.com", "docker.io"]
short-name-mode = "enforcing"
[[registry]]
prefix = "registry.example.com/team"
location = "mirror.example.com:5000/team"
insecure = true
mirror-by-digest-only = true
[[registry.mirror]]
location = "10.0.0.1:5000"
pull-from-mirror = "tag-only"
[[registry]]
prefix = "*.example.com"
[aliases]
"etcd" = "registry.example.com/etcd"
`,
  `[registries.search]
registries = ['docker.io']
[registries.insecure]
registries = ['registry.example.com']
[registries.block]
registries = ['docker.io/library']
`,
  `[[registry]]\nlocation = "docker.io"\nblocked = true\n`,
];

const WORDS = [
  ...'prefix location insecure blocked'.split(' '),
  ...['[[registry]]\n', '[[registry.mirror]]\n', '[aliases]\n', '[registries.search]\n'],
  ...'mirror-by-digest-only pull-from-mirror short-name-mode unqualified-search-registries " """ [ ] { } , #'.split(
    ' ',
  ),
  ...[' = ', "'"],
  ...'true false 1 1e400 inf nan 1979-05-27 "*." "*.com" "docker.io" "docker.io/" "a:b@c" "https://x"'.split(
    ' ',
  ),
  ...['\\u0000', '\\ud800'],
  ...['__proto__', 'constructor', 'etcd', 'registry.example.com', '/', ':5000', '*.', '"" = ""\n', '\n'],
];

const REFERENCES = [
  'registry.example.com/team/app:1',
  `docker.io/library/etcd@sha256:${'a1'.repeat(32)}`,
  'registry.example.com:5000/x',
  'etcd',
  'team/app:2',
];
const SETTINGS = { search: [], aliases: {}, insecure: [] };

/** registries.conf files, and what images are then looked for where. */
export const registries: FuzzKind = {
  share: 0.05,
  codes: [
    'registries-conf-invalid',
    'registry-blocked',
    'short-name-unresolved',
    'reference-invalid',
    'transport-unsupported',
  ],

  make: (random) => mutateText(random.pick(FILES), WORDS, random),

  read(bytes) {
    writeFileSync('registries.conf', bytes);
    const found = loadRegistries(new Paths(resolve('host')), {
      CONTAINERS_REGISTRIES_CONF: 'registries.conf',
    });
    for (const name of REFERENCES) {
      try {
        const reference = parseReference(name);
        const full = reference.kind === 'short' ? resolveShortName(reference, SETTINGS, found) : [reference];
        for (const endpoint of full.flatMap((one) => endpointsOf(one, SETTINGS, found))) {
          assert.deepEqual(parseReference(formatReference(endpoint.reference)), endpoint.reference);
        }
      } catch (error) {
        if (!isRefusal(registries, error)) throw error;
      }
    }
  },
};
