import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseDigest } from '../../../src/image/digest.ts';
import type { Descriptor } from '../../../src/image/image.ts';
import { OCI_INDEX, OCI_MANIFEST } from '../../../src/image/media-type.ts';
import {
  choosePlatform,
  formatPlatform,
  hostPlatform,
  parsePlatform,
  platformOf,
} from '../../../src/image/platform.ts';

const digest = parseDigest(`sha256:${'ab'.repeat(32)}`);

function entry(text: string, more: Partial<Descriptor> = {}): Descriptor {
  const named = text === '' ? {} : { platform: parsePlatform(text) };
  return { mediaType: OCI_MANIFEST, digest, size: 1, ...named, ...more };
}

function chosen(wanted: string, entries: Descriptor[]): string[] {
  return choosePlatform(
    { mediaType: OCI_INDEX, manifests: entries, annotations: {} },
    parsePlatform(wanted),
  ).map(
    ({ platform: found, mediaType }) =>
      `${found === undefined ? 'none' : formatPlatform(found)}${mediaType === OCI_INDEX ? ' index' : ''}`,
  );
}

describe('choosePlatform', () => {
  const table: Array<[string, string, string[], string | undefined]> = [
    ['the architecture', 'linux/arm64/v8', ['linux/amd64', 'linux/arm64'], 'linux/arm64'],
    ['the system', 'linux/amd64', ['windows/amd64', 'linux/amd64'], 'linux/amd64'],
    ['nothing where there is nothing', 'linux/s390x', ['linux/amd64', 'linux/arm64'], undefined],
    ['the exact variant', 'linux/arm/v6', ['linux/arm/v5', 'linux/arm/v6', 'linux/arm/v7'], 'linux/arm/v6'],
    ['v6 for v7', 'linux/arm/v7', ['linux/arm/v5', 'linux/arm/v6'], 'linux/arm/v6'],
    ['nothing above the host', 'linux/arm/v6', ['linux/arm/v7'], undefined],
    ['the plain one for amd64 v3', 'linux/amd64/v3', ['linux/amd64/v4', 'linux/amd64'], 'linux/amd64'],
    ['v2 before v1 for v3', 'linux/amd64/v3', ['linux/amd64/v1', 'linux/amd64/v2'], 'linux/amd64/v2'],
    ['v3 for v3', 'linux/amd64/v3', ['linux/amd64', 'linux/amd64/v3'], 'linux/amd64/v3'],
    ['the plain one for a plain host', 'linux/amd64', ['linux/amd64/v2', 'linux/amd64'], 'linux/amd64'],
    ['arm64 v8 for plain arm64', 'linux/arm64', ['linux/arm64/v8'], 'linux/arm64/v8'],
    ['plain arm64 for v8', 'linux/arm64/v8', ['linux/arm64'], 'linux/arm64'],
    ['another spelling', 'linux/arm64/v8', ['linux/aarch64'], 'linux/aarch64'],
    [
      'an odd variant only as it is',
      'linux/mips64le/odd',
      ['linux/mips64le/even', 'linux/mips64le/odd'],
      'linux/mips64le/odd',
    ],
  ];
  for (const [what, wanted, offered, best] of table) {
    it(`takes ${what}`, () => {
      assert.equal(
        chosen(
          wanted,
          offered.map((text) => entry(text)),
        )[0],
        best,
      );
    });
  }
  it('takes the first of equals', () => {
    const [first, second] = [entry('linux/amd64', { size: 1 }), entry('linux/amd64', { size: 2 })];
    const index = { mediaType: OCI_INDEX, manifests: [first, second], annotations: {} };
    assert.deepEqual(choosePlatform(index, parsePlatform('linux/amd64')), [first, second]);
  });
  it('skips attestations and entries of other types', () => {
    const entries = [
      entry('unknown/unknown'),
      entry('linux/amd64', { annotations: { 'vnd.docker.reference.type': 'attestation-manifest' } }),
      entry('linux/amd64', { mediaType: 'application/x-other' }),
    ];
    assert.deepEqual(chosen('linux/amd64', entries), []);
  });
  it('goes into another index only after the manifests', () => {
    const entries = [
      entry('', { mediaType: OCI_INDEX }),
      entry('linux/s390x', { mediaType: OCI_INDEX }),
      entry('linux/amd64', { mediaType: OCI_INDEX }),
      entry('linux/amd64'),
    ];
    assert.deepEqual(chosen('linux/amd64', entries), ['linux/amd64', 'none index', 'linux/amd64 index']);
  });
  it('takes a manifest without a platform when it is the only one', () => {
    assert.deepEqual(chosen('linux/amd64', [entry('')]), ['none']);
    assert.deepEqual(chosen('linux/amd64', [entry(''), entry('unknown/unknown')]), ['none']);
    assert.deepEqual(chosen('linux/amd64', [entry(''), entry('')]), []);
  });
});

describe('hostPlatform', () => {
  it('is a Linux of this machine', () => {
    assert.equal(hostPlatform().os, 'linux');
    assert.notEqual(hostPlatform().architecture, 'x64');
  });
  const v2 = 'cx16 lahf_lm popcnt sse4_1 sse4_2 ssse3';
  const v3 = `${v2} abm avx avx2 bmi1 bmi2 f16c fma movbe xsave`;
  const table: Array<[string, 'BE' | 'LE', string, string]> = [
    ['x64', 'LE', '', 'linux/amd64'],
    ['x64', 'LE', `flags\t\t: ${v2}`, 'linux/amd64/v2'],
    ['x64', 'LE', `flags\t\t: ${v3}\n`, 'linux/amd64/v3'],
    ['x64', 'LE', `flags\t\t: ${v3.replace('popcnt ', '')}`, 'linux/amd64'],
    ['arm64', 'LE', '', 'linux/arm64/v8'],
    ['arm', 'LE', 'CPU architecture: 6\n', 'linux/arm/v6'],
    ['arm', 'LE', 'CPU architecture: 8\n', 'linux/arm/v7'],
    ['arm', 'LE', '', 'linux/arm/v7'],
    ['ppc64', 'LE', '', 'linux/ppc64le'],
    ['riscv64', 'LE', '', 'linux/riscv64'],
    ['s390x', 'BE', '', 'linux/s390x'],
    ['ia32', 'LE', '', 'linux/386'],
  ];
  for (const [arch, order, cpuInfo, expected] of table) {
    it(`calls ${arch} ${expected}`, () => {
      assert.equal(formatPlatform(platformOf(arch, order, cpuInfo)), expected);
    });
  }
});

describe('a platform that a person writes', () => {
  it('is an operating system, an architecture, and perhaps a variant', () => {
    for (const text of ['linux/amd64', 'linux/arm/v7'])
      assert.equal(formatPlatform(parsePlatform(text)), text);
    for (const text of ['', 'linux', 'linux/', '/amd64', 'linux/arm/', 'linux/arm/v7/x']) {
      assert.throws(() => parsePlatform(text), { code: 'usage' }, text);
    }
  });
});
