import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { defineAll } from '../../src/cli/define-all.ts';
import { schemaName } from '../../src/man/command-page.ts';
import { withAll } from '../../src/man/man-pages.ts';
import type { Host } from '../host/host.ts';
import { checkDocument } from '../schemas/documents.ts';
import { unseenParts } from '../schemas/parts.ts';
import { assertFailure } from './attempt.ts';
import { bootMotleyHost } from './motley-host.ts';
import { REGISTRY } from './push-image.ts';

/** A command line without "berth" and "--json", and how it is to end if not with 0. */
type Invocation = [line: string, status?: number];

/** They leave the host alone: the update stays as it was cut off. */
const LOOKING: Invocation[] = [
  ['list'],
  ['stats --no-stream'],
  ['status'],
  ['status failed', 3],
  ['status --check-update web front'],
  ['history web'],
  ['history hidden'],
  ['history rooted'],
  ['inspect web'],
  ['inspect hidden'],
  ['inspect proxied'],
  ['inspect rooted'],
  ['inspect failed'],
  ['inspect front'],
  [`inspect ${REGISTRY}/web`],
  [`inspect ${REGISTRY}/listener`],
  [`inspect --values ${REGISTRY}/httpd`],
  ['images'],
  ['mount'],
  ['ports'],
  ['graph'],
  ['graph --boot'],
  ['logs'],
  ['events'],
  ['doctor', 1],
  ['version'],
  [`tags ${REGISTRY}/tiny`],
  ['auto-update status'],
];

/** Each finds what those before it left; the first ends what was cut off. */
const CHANGING: Invocation[] = [
  ['recover'],
  ['recover'],
  ['df'],
  ['diff web'],
  [`diff web ${REGISTRY}/strange`],
  ['fsck', 1],
  ['fsck --repair'],
  ['verify', 1],
  ['update --dry-run web'],
  ['verify --repair --force'],
  ['history web'],
  ['rollback --dry-run web'],
  ['update --all --soak 0'],
  ['rollback web'],
  ['update --all --soak 0'],
  ['update --soak 0 web stopped'],
  ['set --dry-run rooted UUID=8'],
  ['set --soak 0 web UUID=8'],
  ['install --dry-run --now tiny web'],
  ['install tiny'],
  ['inspect tiny'],
  ['pull sleeper httpd-plain'],
  [`copy ${REGISTRY}/tiny oci:/srv/images:tiny`],
  [`push web ${REGISTRY}/pushed:1`],
  [`bundle -o /srv/bundle.tar ${REGISTRY}/tiny sleeper`],
  ['lock -f /srv/host.yaml'],
  ['lock -f /srv/host.yaml'],
  ['apply -f /srv/host.yaml --dry-run'],
  ['apply -f /srv/host.yaml'],
  ['inspect declared'],
  ['export -o /srv/export.tar declared front proxied'],
  ['import --dry-run --force /srv/export.tar'],
  ['import --force /srv/export.tar'],
  ['import quadlet /srv/quadlet.container'],
  ['mount --work /tmp/work web /tmp/web'],
  ['mount'],
  ['scan --list'],
  ['scan web', 5],
  ['uninstall --dry-run hidden tiny'],
  ['uninstall hidden tiny'],
  ['prune --all --dry-run'],
  ['prune --all'],
];

/** What no image here has; test/unit/cli/inspect.test.ts looks at an index. */
const OF_NO_IMAGE = ['image.index', 'file.xattrs[]', 'file.xattrs[][]'];

/** What the cgroups of a throwaway host do not count: see test/unit/systemd/unit-usage.test.ts. */
const NOT_COUNTED = [
  ...['list[].memoryBytes', 'status[].memoryBytes', 'status[].tasks'],
  ...['memoryBytes', 'tasks', 'ioReadBytes', 'ioWrittenBytes'].map((key) => `stats.${key}`),
];

/** Nothing checks one. */
const NO_SIGNATURE = ['status[].signature'];

/** They print a document a line. */
const BY_LINE = ['events', 'logs', 'stats'];

describe('what --json prints is as its schema says', async () => {
  const names = withAll(await defineAll()).flatMap((command) => schemaName(command) ?? []);
  /** The documents, by the names of their schemas. */
  const printed = new Map<string, unknown[]>();
  let host: Host;

  before(async () => {
    host = await bootMotleyHost();
    await host.sh('mkdir /tmp/web /tmp/work');
  });
  after(async () => {
    await host[Symbol.asyncDispose]();
  });

  for (const [line, status = 0] of [...LOOKING, ...CHANGING]) {
    it(line, async () => {
      const words = line.split(' ');
      const { stdout, combined, exitCode } = await host.berth(...words, '--json');
      assert.equal(exitCode, status, combined);
      const name = [words.slice(0, 2).join('-'), words[0] ?? ''].find((each) => names.includes(each)) ?? '';
      const texts = BY_LINE.includes(name) ? stdout.split('\n') : [stdout];
      const documents = texts.map((text) => JSON.parse(text));
      for (const document of documents) assert.deepEqual(checkDocument(name, document), []);
      printed.set(name, [...(printed.get(name) ?? []), ...documents]);
    });
  }

  it('of every command that has --json', () => {
    assert.deepEqual([...printed.keys()].sort(), names.sort());
  });

  it('and every part of every schema was printed', () => {
    const untried = [...OF_NO_IMAGE, ...NOT_COUNTED, ...NO_SIGNATURE];
    assert.deepEqual(
      unseenParts(printed).filter((part) => !untried.includes(part)),
      [],
    );
  });

  it('but an error is no document', async () => {
    assertFailure(await host.berth('status', '--json', 'nobody'), { status: 4, says: /^Error: .*nobody/ });
  });
});
