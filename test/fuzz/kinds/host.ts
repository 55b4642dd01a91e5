import assert from 'node:assert/strict';
import { checkSettable } from '../../../src/deployment/template/values.ts';
import { BerthError } from '../../../src/errors.ts';
import { Paths } from '../../../src/paths.ts';
import { readHost } from '../../../src/provision/read-host.ts';
import { parseImageReference } from '../../../src/reference/image-reference.ts';
import { isPlainPath } from '../../../src/runtime/check-config.ts';
import { parseServiceName } from '../../../src/service-name.ts';
import { parseUnitFile, printUnitFile, UnitFile } from '../../../src/systemd/unit-file.ts';
import type { FuzzKind } from '../kind.ts';
import { mutateText } from '../mutate/text.ts';

const FILE = `# a comment
version: 1
environment: [A, B]
services:
  web:
    image: registry.example.com/httpd:\${A}
    values:
      PORT: 8080
      TEXT: "\${B:-x} $$"
      'QUOTED': |-
        of a block
    enabled: false
    sockets: {listen: [80, "http=[::1]:81"], proxy: true, idle: 10min}
    requires: [etcd]
    mounts: [{source: /srv, destination: /var/www, readOnly: true}]
    resources: {MemoryMax: 512M, CPUQuota: 50%, LimitNOFILE: "1024:infinity"}
  app:
    image: oci-archive:/srv/app.tar
    instances:
      a: {values: {PORT: 1}}
      b: {started: null}
    update: pinned
`;

const WORDS = [
  ...'version services web image values enabled started sockets listen proxy idle requires after before'.split(
    ' ',
  ),
  ...'update mounts source destination readOnly resources instances include environment null true ~ 1'.split(
    ' ',
  ),
  ...`- : { } [ ] | > & * ! % @ # ? , --- ... << *a &a !!str \${A} \${ $ $$ \${A:-} \\n \\x00 __proto__`.split(
    ' ',
  ),
  ...[
    '\n',
    '\n  ',
    ': ',
    ' #',
    "''",
    '"\\u0000"',
    '"\\n"',
    '/proc/self',
    '../..',
    'MemoryMax: "1\\nExecStart=/x"',
  ],
];

const ENV = { A: '2.4', B: 'a b' };

/** Files that declare services. */
export const host: FuzzKind = {
  share: 0.03,
  codes: ['host-invalid'],

  make: (random) => mutateText(FILE, WORDS, random),

  async read(bytes) {
    try {
      const { services } = await readHost({ text: bytes }, { env: ENV, paths: new Paths() });
      for (const { name, image, values, mounts, resources } of services) {
        assert.equal(parseServiceName(name), name);
        parseImageReference(image);
        for (const [variable, value] of Object.entries(values)) checkSettable(variable, value, name);
        for (const { source, destination } of mounts) {
          assert.ok(isPlainPath(source) && isPlainPath(destination));
        }
        const lines = Object.entries(resources).map(([key, value]) => ({
          section: 'Service',
          key,
          value,
          line: 0,
        }));
        const read = parseUnitFile(printUnitFile(new UnitFile(lines)), name).entries;
        assert.deepEqual(
          read.map(({ key, value }) => [key, value]),
          Object.entries(resources),
        );
      }
    } catch (error) {
      if (error instanceof BerthError) assertPlaced(error.message, bytes);
      throw error;
    }
  },
};

/** Each mistake has its line in the file, and is on one line of its own. */
function assertPlaced(message: string, bytes: Buffer): void {
  const last = bytes.toString().split(/\r\n|\n|\r/).length;
  const [first = '', ...more] = message.split('\n');
  const lines = more.length === 0 ? [first.replace('cannot use what is declared: ', '')] : more;
  for (const line of lines.filter((text) => !/^and \d+ more$/.test(text))) {
    const [, place = ''] = /^standard input:(\d+):[1-9]\d*: [^\p{Cc}]+$/u.exec(line) ?? [];
    assert.ok(Number(place) >= 1 && Number(place) <= last + 1, line);
  }
}
