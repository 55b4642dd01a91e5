import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { apply } from '../../../../src/deployment/apply/apply.ts';
import { changeFiles } from '../../../../src/deployment/plan/change-files.ts';
import { filesBeside } from '../../../../src/deployment/plan/files-beside.ts';
import type { DeploymentRecord, RecordedFile } from '../../../../src/deployment/record.ts';
import { Paths } from '../../../../src/paths.ts';
import { parseServiceName } from '../../../../src/service-name.ts';
import { scratch } from '../../layer/scratch.ts';
import { makeRoot, optionsFor } from '../apply/scratch-root.ts';

const WEB = parseServiceName('web');
const NOTHING: readonly RecordedFile[] = [];

const hash = (text: string) => createHash('sha256').update(text).digest('hex');

function file(path: string, text: string, mode = 0o644): RecordedFile {
  return { path, type: 'file', content: hash(text), uid: 0, gid: 0, mode, source: `hostfs${path}` };
}

function link(path: string, target: string): RecordedFile {
  return { path, type: 'symlink', content: target, uid: 0, gid: 0, mode: 0o777, source: '' };
}

/** A deployment of `web` with these files, as far as files need one. */
function deployment(number: number, files: readonly RecordedFile[], beside = NOTHING): DeploymentRecord {
  return { service: WEB, number, files, beside, directories: [], units: [] } as unknown as DeploymentRecord;
}

function put(root: string, files: Record<string, string>): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
}

/** What becomes of the files of a host when one deployment follows another. */
function change(
  test: TestContext,
  there: Record<string, string>,
  old: RecordedFile[],
  coming: RecordedFile[],
) {
  const paths = new Paths(scratch(test));
  put(paths.root, there);
  const before = deployment(0, old);
  const after = deployment(1, coming, filesBeside(before, coming, paths));
  return changeFiles([{ before, after, directories: [] }], paths);
}

test('an unchanged file is replaced, one that is gone from the image is removed, a new one comes', (context) => {
  const { steps, changes } = change(
    context,
    { '/usr/local/bin/a': '1', '/usr/local/bin/b': '1', '/usr/local/bin/same': '1' },
    [file('/usr/local/bin/a', '1'), file('/usr/local/bin/b', '1'), file('/usr/local/bin/same', '1')],
    [file('/usr/local/bin/a', '2'), file('/usr/local/bin/c', '2'), file('/usr/local/bin/same', '1')],
  );
  assert.deepEqual(
    steps.map((step) => [
      step.kind,
      'by' in step ? step.by.path : 'file' in step ? step.file.path : 'path' in step && step.path,
    ]),
    [
      ['remove', '/usr/local/bin/b'],
      ['replace', '/usr/local/bin/a'],
      ['file', '/usr/local/bin/c'],
    ],
  );
  assert.deepEqual(
    changes.map(({ path, change: what }) => `${what} ${path}`),
    ['removed /usr/local/bin/b', 'changed /usr/local/bin/a', 'added /usr/local/bin/c'],
  );
});

test('a file that has another mode alone is replaced', (context) => {
  const path = '/usr/local/bin/a';
  const { steps } = change(context, { [path]: '1' }, [file(path, '1')], [file(path, '1', 0o755)]);
  assert.deepEqual(
    steps.map(({ kind }) => kind),
    ['replace'],
  );
});

test('a file that has other extended attributes alone is replaced', (context) => {
  const path = '/usr/local/bin/a';
  const marked: RecordedFile = { ...file(path, '1'), xattrs: [['user.a', 'b']] };
  const kinds = (old: RecordedFile, coming: RecordedFile) =>
    change(context, { [path]: '1' }, [old], [coming]).steps.map(({ kind }) => kind);
  assert.deepEqual(kinds(file(path, '1'), marked), ['replace']);
  assert.deepEqual(kinds(marked, file(path, '1')), ['replace']);
  assert.deepEqual(kinds(marked, { ...marked }), []);
});

test('a file that a person changed stays, and the new one arrives beside it', (context) => {
  const path = '/etc/web.conf';
  const { steps, changes } = change(context, { [path]: 'mine' }, [file(path, '1')], [file(path, '2')]);
  assert.deepEqual(
    steps.map((step) => [step.kind, 'path' in step && step.path]),
    [['file', '/etc/web.conf.berthnew']],
  );
  assert.deepEqual(changes, [{ path, change: 'kept', as: '/etc/web.conf.berthnew' }]);
});

test('a file that a person changed and the image did not is left alone', (context) => {
  const path = '/etc/web.conf';
  const { steps } = change(context, { [path]: 'mine' }, [file(path, '1')], [file(path, '1')]);
  assert.deepEqual(steps, []);
});

test('what a person made the same as the new one is taken as it is', (context) => {
  const path = '/etc/web.conf';
  const { steps, changes } = change(context, { [path]: '2' }, [file(path, '1')], [file(path, '2')]);
  assert.deepEqual([steps, changes], [[], []]);
});

test('a changed file that the new version does not have is kept as .berthsave', (context) => {
  const path = '/etc/web.conf';
  const { steps } = change(context, { [path]: 'mine', [`${path}.berthsave`]: '' }, [file(path, '1')], []);
  assert.deepEqual(steps, [{ kind: 'save', path, to: `${path}.berthsave.1` }]);
});

test('a place that somebody else has is refused with its owner', (context) => {
  assert.throws(() => change(context, { '/etc/hostname': 'x' }, [], [file('/etc/hostname', '1')]), {
    code: 'host-file-conflict',
    message: 'cannot install: /etc/hostname: a file is there that berth did not put there',
  });
});

test('a later update brings its own copy of what waits beside, and removes it when there is nothing to merge', (context) => {
  const paths = new Paths(scratch(context));
  const path = '/etc/web.conf';
  put(paths.root, { [path]: 'mine', [`${path}.berthnew`]: '2' });
  const second = deployment(1, [file(path, '2')], [file(`${path}.berthnew`, '2')]);
  const third = [file(path, '3')];
  const beside = filesBeside(second, third, paths);
  assert.deepEqual(beside, [{ ...file(path, '3'), path: `${path}.berthnew` }]);
  const replaced = changeFiles(
    [{ before: second, after: deployment(2, third, beside), directories: [] }],
    paths,
  );
  assert.deepEqual(
    replaced.steps.map(({ kind }) => kind),
    ['replace'],
  );
  // The person has taken over what was brought.
  writeFileSync(paths.locate(path), '3');
  const merged = filesBeside(second, third, paths);
  const { steps } = changeFiles(
    [{ before: second, after: deployment(2, third, merged), directories: [] }],
    paths,
  );
  assert.deepEqual(
    steps.map((step) => [step.kind, 'file' in step && step.file.path]),
    [['remove', `${path}.berthnew`]],
  );
});

test('files of every kind that were swapped are swapped back when the change fails', async (context) => {
  const root = makeRoot(context);
  const options = optionsFor(root);
  put(root, { '/usr/local/a': '1', '/usr/local/gone': '1' });
  symlinkSync('old', join(root, 'usr/local/link'));
  symlinkSync('a', join(root, 'usr/local/turns'));
  const old = [
    ...[file('/usr/local/a', '1'), file('/usr/local/gone', '1')],
    ...[link('/usr/local/link', 'old'), link('/usr/local/turns', 'a')],
  ];
  const coming = [file('/usr/local/a', '2'), link('/usr/local/link', 'new'), file('/usr/local/turns', '2')];
  const directory = options.paths.deployment(WEB, 1);
  put(directory, { 'hostfs/usr/local/a': '2', 'hostfs/usr/local/turns': '2' });
  const { steps } = changeFiles(
    [{ before: deployment(0, old), after: deployment(1, coming), directories: [] }],
    options.paths,
  );
  const read = () =>
    ['a', 'gone', 'link', 'turns'].map((name) => {
      const path = join(root, 'usr/local', name);
      return existsSync(path) ? readFileSync(path, 'utf8') : 'none';
    });
  const before = read();
  const failing = { kind: 'symlink', path: '/nowhere/x', target: 'x' } as const;
  const plan = { title: 'update web', interrupted: 'undo' } as const;
  await assert.rejects(apply({ ...plan, steps: [...steps, failing] }, options), /nowhere/);
  assert.deepEqual(read(), before);
  await apply({ ...plan, steps }, options);
  assert.deepEqual(read(), ['2', 'none', 'none', '2']);
});
