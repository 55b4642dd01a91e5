import assert from 'node:assert/strict';
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { BerthError } from '../../../src/errors.ts';
import { Paths } from '../../../src/paths.ts';
import { loadScanners } from '../../../src/scan/load-scanners.ts';

const EXAMPLE = fileURLToPath(new URL('../../../examples/scanners/debsums.yaml', import.meta.url));

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'berth-'));
  for (const place of ['etc', 'usr/lib'])
    mkdirSync(join(root, place, 'berth/scanners.d'), { recursive: true });
});
afterEach(() => rmSync(root, { recursive: true }));

const file = (name: string) => join(root, 'etc/berth/scanners.d', name);

function mistakesIn(text: string): string[] {
  writeFileSync(file('x.yaml'), text);
  try {
    loadScanners(new Paths(root));
    return [];
  } catch (error) {
    assert.ok(error instanceof BerthError && error.code === 'scanner-invalid', String(error));
    const lines = error.message.split('\n').filter((line) => line.includes('x.yaml'));
    return lines.map((line) => line.slice(line.indexOf('x.yaml:') + 'x.yaml:'.length));
  }
}

describe('loadScanners', () => {
  it('takes the example', () => {
    copyFileSync(EXAMPLE, file('debsums.yaml'));
    const [{ name, exit, timeLimit, network } = {}] = loadScanners(new Paths(root));
    assert.deepEqual(
      { name, exit, timeLimit, network },
      { name: 'debsums', exit: { clean: [0], findings: [2] }, timeLimit: 600, network: false },
    );
  });

  it('finds none where there is no directory, and files of other names are none', () => {
    writeFileSync(file('README'), 'x');
    writeFileSync(file('.x.yaml'), 'x');
    assert.deepEqual(loadScanners(new Paths(root)), []);
    rmSync(join(root, 'etc'), { recursive: true });
    assert.deepEqual(loadScanners(new Paths(root)), []);
  });

  it('tells each mistake with its place and what is right', () => {
    const begin = 'description: x\n';
    const cases: [string, RegExp][] = [
      ['', /^1:1: the file must be a mapping, not empty/],
      [`${begin}command: []\n`, /^2:10: command has no item: add one/],
      [`${begin}command: [tool]\n`, /^2:10: command: it is not told what to scan: put \{rootfs\}/],
      [`${begin}command: [../tool, "{rootfs}"]\n`, /^2:11: command\[0\]: not a program: "\.\.\/tool"/],
      [
        `${begin}command: [tool, "{rootf}"]\n`,
        /2:17: command\[1\]: unknown place \{rootf\}: did you mean \{rootfs\}\?/,
      ],
      [
        `${begin}command: [t, "{rootfs}"]\nexit: { findings: [200] }\n`,
        /^3:20: exit\.findings\[0\] must be an exit status/,
      ],
      [`${begin}command: [t, "{rootfs}"]\nexit: { findings: [0] }\n`, /^3:7: exit: 0 cannot mean both/],
      [`${begin}command: [t, "{rootfs}"]\ntimeLimit: soon\n`, /^3:12: timeLimit: not a time span: "soon"/],
      [
        `${begin}command: [t, "{rootfs}"]\ntimeLimit: 2d\n`,
        /^3:12: timeLimit: "2d": write a time from 1s to 1d/,
      ],
      [`${begin}command: [t, "{rootfs}"]\nmemory: lots\n`, /^3:9: memory must be a size, such as 512M/],
      [
        `${begin}command: [t, "{rootfs}"]\nreads: [/var/../etc]\n`,
        /^3:9: reads\[0\] must be an absolute path/,
      ],
      [`${begin}command: [t, "{rootfs}"]\nreads: ["/a b:/c"]\n`, /^3:9: reads\[0\] must be an absolute path/],
      [`${begin}command: [t, "{rootfs}"]\nnetwork: 1\n`, /^3:10: network must be true or false, not 1/],
    ];
    for (const [text, says] of cases) assert.match(mistakesIn(text).join('\n'), says, text);
    assert.deepEqual(mistakesIn(`${begin}command: [t, "{rootfs}", "{print $1}", "{json}"]\n`), []);
  });

  it('refuses a file that anybody may write to, and one that leads nowhere', () => {
    writeFileSync(file('x.yaml'), '');
    chmodSync(file('x.yaml'), 0o666);
    assert.match(mistakesIn('description: x').join(), /any user may write to it/);
    rmSync(file('x.yaml'));
    symlinkSync('/no/such/file', file('x.yaml'));
    assert.throws(() => loadScanners(new Paths(root)), { code: 'io' });
  });
});
