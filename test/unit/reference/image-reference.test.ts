import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, it } from 'node:test';
import type { BerthError } from '../../../src/errors.ts';
import { defaultServiceName } from '../../../src/reference/default-service-name.ts';
import { parseDigest } from '../../../src/reference/digest.ts';
import {
  formatImageReference,
  mayMean,
  parseImageReference,
  pinned,
} from '../../../src/reference/image-reference.ts';
import { currentSpelling } from '../../../src/reference/old-spelling.ts';
import { scratch } from '../layer/scratch.ts';

const DIGEST = parseDigest(`sha256:${'0123456789abcdef'.repeat(4)}`);

describe('parseImageReference', () => {
  // As written, and the canonical spelling.
  const VALID: [string, string][] = [
    ['etcd', 'etcd'],
    ['docker://example.com/etcd', 'example.com/etcd:latest'],
    ['localhost:5000/etcd:3', 'localhost:5000/etcd:3'],
    ['oci:/srv/etcd', 'oci:/srv/etcd'],
    ['oci:/srv/etcd:', 'oci:/srv/etcd'],
    ['oci:/srv//images/../etcd/:3.4', 'oci:/srv/etcd:3.4'],
    ['oci:/srv/all:docker.io/library/etcd:3.4', 'oci:/srv/all:docker.io/library/etcd:3.4'],
    ['oci:/srv/all:@2', 'oci:/srv/all:@2'],
    ['oci:etcd', `oci:${resolve('etcd')}`],
    ['oci-archive:etcd.tar:3', `oci-archive:${resolve('etcd.tar')}:3`],
    ['docker-archive:/a.tar', 'docker-archive:/a.tar'],
    ['docker-archive:/a.tar:etcd', 'docker-archive:/a.tar:docker.io/library/etcd:latest'],
    ['docker-archive:/a.tar:localhost/etcd:3', 'docker-archive:/a.tar:localhost/etcd:3'],
    ['docker-archive:/a.tar:@0', 'docker-archive:/a.tar:@0'],
    ['dir:/srv/a:b', 'dir:/srv/a:b'],
    ['docker-daemon:etcd', 'docker-daemon:docker.io/library/etcd:latest'],
    ['docker-daemon:me/etcd:3', 'docker-daemon:docker.io/me/etcd:3'],
    [`docker-daemon:etcd:3@${DIGEST}`, `docker-daemon:docker.io/library/etcd@${DIGEST}`],
    [`docker-daemon:${DIGEST}`, `docker-daemon:${DIGEST}`],
    ['ostree:/ostree/repo:etcd:3', 'ostree:/ostree/repo:etcd:3'],
    ['ostree:etcd', 'ostree:/ostree/repo:etcd'],
    ['ostree:example.com:5000/etcd:3@/srv/repo', 'ostree:/srv/repo:example.com:5000/etcd:3'],
    ['oci-archive:///srv/etcd.tar', 'oci-archive:/srv/etcd.tar'],
  ];
  for (const [text, canonical] of VALID) {
    it(`reads ${text}`, () => {
      const reference = parseImageReference(text);
      assert.equal(formatImageReference(reference), canonical);
      assert.deepEqual(parseImageReference(canonical), reference);
    });
  }

  const INVALID = [
    'oci:',
    'oci::name',
    'oci:/srv/etcd:@',
    'oci:/srv/etcd:@-1',
    'oci:/srv/etcd:@1x',
    'oci:/srv/etcd:a b',
    // A path of Windows: the first colon ends it.
    'oci:C:\\images:latest',
    'oci:/srv/\0',
    'dir:',
    'docker-archive:',
    `docker-archive:/a.tar:etcd@${DIGEST}`,
    'docker-archive:/a.tar:Etcd',
    'docker-daemon:',
    'docker-daemon:UPPER',
    'ostree:',
    'ostree:/ostree/repo',
    'ostree:/ostree/repo:--help',
    'ostree:@/ostree/repo',
    'ostree:etcd@/srv/re:po',
  ];
  for (const text of INVALID) {
    it(`refuses ${JSON.stringify(text)}`, () => {
      assert.throws(() => parseImageReference(text), { code: 'reference-invalid' });
    });
  }

  it('refuses an ID that is none', () => {
    assert.throws(() => parseImageReference('docker-daemon:sha256:12'), { code: 'digest-invalid' });
  });

  it('says how an image leaves podman’s storage', () => {
    assert.throws(() => parseImageReference('containers-storage:localhost/etcd'), {
      code: 'transport-unsupported',
      hint: 'podman save --format oci-archive --output image.tar localhost/etcd; then name oci-archive:image.tar',
    });
  });
});

describe('a path that no transport is named for', () => {
  const CASES: [string, string, string][] = [
    ['/srv/etcd.tar', 'a path without a transport', 'oci-archive:/srv/etcd.tar'],
    ['./etcd.tar', 'a path without a transport', 'oci-archive:./etcd.tar'],
    ['docker-achive:/srv/etcd.tar', 'no such transport: "docker-achive:"', 'docker-archive:/srv/etcd.tar'],
    ['file:../etcd', 'no such transport: "file:"', 'dir:../etcd'],
  ];
  for (const [text, cause, spelling] of CASES) {
    it(`is refused, with the spellings there are: ${text}`, () => {
      assert.throws(
        () => parseImageReference(text),
        ({ message, hint }: BerthError) =>
          message === `not a reference: ${JSON.stringify(text)}: ${cause}` && hint?.includes(spelling),
      );
    });
  }
});

describe('mayMean', () => {
  it('takes a short name for the image of any registry, and a full name for one alone', () => {
    const name = 'registry.example/team/web:latest';
    for (const text of ['web', 'web:latest', 'team/web', 'registry.example/team/web']) {
      assert.ok(mayMean(parseImageReference(text), name), text);
    }
    for (const text of ['eb', 'web:1', `web@${DIGEST}`, 'other/web', 'registry.example/web', 'dir:web']) {
      assert.ok(!mayMean(parseImageReference(text), name), text);
    }
    assert.ok(mayMean(parseImageReference('oci:/srv/web'), 'oci:/srv/web'));
  });
});

describe('pinned', () => {
  it('names an image of a registry by its digest, and leaves another as it is', () => {
    const pin = (text: string) => formatImageReference(pinned(parseImageReference(text), DIGEST));
    assert.equal(pin('example.com/etcd:3'), `example.com/etcd:3@${DIGEST}`);
    assert.equal(pin('oci:/srv/etcd'), 'oci:/srv/etcd');
  });
});

describe('defaultServiceName', () => {
  const NAMES: [string, string][] = [
    ['example.com/web/httpd:2.4', 'httpd'],
    ['etcd', 'etcd'],
    ['oci:/srv/all:etcd', 'etcd'],
    ['oci:/srv/all:docker.io/library/etcd:3.4', 'etcd'],
    ['oci:/srv/etcd:latest', 'etcd'],
    ['oci:/srv/etcd:3.4', 'etcd'],
    ['oci:/srv/etcd:@1', 'etcd'],
    ['oci-archive:/srv/etcd-3.4.tar', 'etcd-3.4'],
    ['docker-archive:/srv/etcd.tar.gz', 'etcd'],
    ['docker-archive:/srv/etcd.tgz', 'etcd'],
    ['docker-archive:/srv/all.tar:me/etcd:3', 'etcd'],
    ['dir:/srv/etcd', 'etcd'],
    ['docker-daemon:me/etcd:3', 'etcd'],
    [`docker-daemon:etcd@${DIGEST}`, 'etcd'],
    ['ostree:/ostree/repo:example.com/etcd:3', 'etcd'],
  ];
  for (const [text, name] of NAMES) {
    it(`is ${name} for ${text}`, () => {
      assert.equal(defaultServiceName(parseImageReference(text)), name);
    });
  }

  for (const text of [`a.b/${'x'.repeat(200)}`, 'dir:/srv/an image', 'oci:/', `docker-daemon:${DIGEST}`]) {
    it(`is asked for where ${text.slice(0, 30)} makes none`, () => {
      assert.throws(() => defaultServiceName(parseImageReference(text)), {
        code: 'service-name-invalid',
        hint: 'say one, with --name',
      });
    });
  }
});

describe('currentSpelling', () => {
  const SPELLINGS: [string, string][] = [
    ['docker:fedora:latest', 'docker-daemon:fedora:latest'],
    ['docker://example.com/etcd', 'docker://example.com/etcd'],
    ['dockertar:/tmp/etcd.tar', 'docker-archive:/tmp/etcd.tar'],
    ['dockertar://tmp/etcd.tar', 'docker-archive:/tmp/etcd.tar'],
    ['oci:no-such-directory/etcd:3', 'no-such-directory/etcd:3'],
    ['oci:/no/such/directory', 'oci:/no/such/directory'],
    ['etcd', 'etcd'],
  ];
  for (const [old, current] of SPELLINGS) {
    it(`of ${old} is ${current}`, () => assert.equal(currentSpelling(old), current));
  }

  it('of a layout that is there stays', (context) => {
    const directory = scratch(context);
    mkdirSync(join(directory, 'etcd'), { recursive: true });
    const before = process.cwd();
    process.chdir(directory);
    context.after(() => process.chdir(before));
    assert.equal(currentSpelling('oci:etcd:3'), 'oci:etcd:3');
    assert.equal(currentSpelling('oci:httpd:3'), 'httpd:3');
  });
});

it('refuses a path that would end at a colon of the working directory', (context) => {
  const before = process.cwd();
  const directory = join(scratch(context), 'with:colon');
  mkdirSync(directory);
  process.chdir(directory);
  context.after(() => process.chdir(before));
  for (const text of ['oci:layout', 'docker-archive:image.tar', 'ostree:./repo:etcd']) {
    assert.throws(() => parseImageReference(text), {
      code: 'reference-invalid',
      message: /a path with a colon/,
    });
  }
  assert.equal(formatImageReference(parseImageReference('dir:image')), `dir:${directory}/image`);
});
