import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { apply } from '../../../../src/deployment/apply/apply.ts';
import { recover } from '../../../../src/deployment/apply/recover.ts';
import type { Plan, Step } from '../../../../src/deployment/plan/plan.ts';
import { BerthError } from '../../../../src/errors.ts';
import { readImages } from '../../../../src/store/images.ts';
import { FakeSystemd } from './fake-systemd.ts';
import { look, makeRoot, optionsFor, planWeb, planWebAway } from './scratch-root.ts';

const CRASH = fileURLToPath(new URL('crash.ts', import.meta.url));

/** Cannot be done: the directory above is not there. */
const FAILING: Step = { kind: 'symlink', path: '/nowhere/link', target: 'x' };

/** Runs a change in a process that is killed at a step. */
function crash(root: string, change: 'install' | 'uninstall', index: number, event: 'begin' | 'done'): void {
  const { signal, stderr } = spawnSync(process.execPath, [CRASH, root, change, String(index), event]);
  assert.equal(signal, 'SIGKILL', String(stderr));
}

/** What staging holds is removed by the command around a change, not by the change. */
function withoutStaging(root: string): string[] {
  rmSync(join(root, 'var/lib/berth/store/staging/boot'), { recursive: true, force: true });
  return look(root);
}

test('a plan that is applied has every step done, and no journal is left', async (context) => {
  const root = makeRoot(context);
  const options = optionsFor(root);
  await apply(planWeb(root), options);
  const there = look(root).map((line) => line.split(' ')[0]);
  for (const path of [
    '/etc/systemd/system/web.service',
    '/etc/systemd/system/multi-user.target.wants/web.service',
    '/etc/tmpfiles.d/web.conf',
    '/usr/local/bin/webctl',
    '/usr/local/bin/wctl',
    '/var/lib/web/',
    '/var/lib/berth/deployments/web/0/',
    '/var/lib/berth/deployments/web/current',
  ]) {
    assert.ok(there.includes(path), path);
  }
  assert.deepEqual(
    readImages(options.store).map(({ name }) => name),
    ['registry.example/web:1'],
  );
  assert.deepEqual(readdirSync(options.paths.journal), []);
});

test('a step that fails has all before it undone, the last first', async (context) => {
  const root = makeRoot(context);
  const options = optionsFor(root);
  const before = look(root);
  const { steps, ...plan } = planWeb(root);
  const undone: string[] = [];
  const systemd = options.systemd;
  const disable = systemd.disable.bind(systemd);
  systemd.disable = async (units) => {
    undone.push(existsSync(join(root, 'etc/systemd/system/web.service')) ? 'disabled first' : 'too late');
    await disable(units);
  };
  await assert.rejects(apply({ ...plan, steps: [...steps, FAILING] }, options), /nowhere/);
  assert.deepEqual(undone, ['disabled first']);
  assert.deepEqual(withoutStaging(root), before);
  assert.deepEqual(readImages(options.store), []);
  assert.deepEqual(readdirSync(options.paths.journal), []);
});

test('a file that appears where one is to go is kept, and the change is undone', async (context) => {
  const root = makeRoot(context);
  const plan = planWeb(root);
  mkdirSync(join(root, 'usr/local/bin'), { recursive: true });
  // The same bytes: it is somebody's all the same.
  writeFileSync(join(root, 'usr/local/bin/webctl'), '#!/bin/sh\n', { mode: 0o700 });
  const steps = plan.steps.filter(({ kind }) => kind !== 'directory');
  const before = look(root).filter((line) => !line.includes('/staging/'));
  await assert.rejects(apply({ ...plan, steps }, optionsFor(root)), {
    code: 'host-file-conflict',
    message: 'cannot install: /usr/local/bin/webctl: a file is there that berth did not put there',
  });
  assert.deepEqual(withoutStaging(root), before);
});

test('a file that was changed meanwhile is not undone, and that is said', async (context) => {
  const root = makeRoot(context);
  const options = optionsFor(root);
  const { steps, ...plan } = planWeb(root);
  const onStep = (step: Step, event: 'begin' | 'done') => {
    if (step.kind === 'reload' && step.on === 'run' && event === 'begin') {
      writeFileSync(join(root, 'usr/local/bin/webctl'), 'mine');
      throw new BerthError('io', 'enough');
    }
  };
  await assert.rejects(apply({ ...plan, steps }, { ...options, onStep }), /^BerthError: enough$/);
  assert.equal(readFileSync(join(root, 'usr/local/bin/webctl'), 'utf8'), 'mine');
  assert.deepEqual(options.warnings, ['kept, because it was changed: /usr/local/bin/webctl']);
});

test('a signal between two steps undoes what was done', async (context) => {
  const root = makeRoot(context);
  const before = look(root);
  const abort = new AbortController();
  const onStep = (step: Step) => {
    if (step.kind === 'tag') abort.abort();
  };
  const options = { ...optionsFor(root), signal: abort.signal, onStep };
  await assert.rejects(apply(planWeb(root), options), {
    code: 'interrupted',
    message: 'interrupted: install web: everything is as it was before',
  });
  assert.deepEqual(withoutStaging(root), before);
});

test('what cannot be undone is said with the reason, stays in the journal and is tried again', async (context) => {
  const root = makeRoot(context);
  const options = optionsFor(root);
  const before = look(root);
  const { steps, ...plan } = planWeb(root);
  const { disable } = options.systemd;
  options.systemd.disable = async () => {
    throw new BerthError('systemd-refused', 'not now');
  };
  await assert.rejects(apply({ ...plan, steps: [...steps, FAILING] }, options), (error: BerthError) => {
    assert.match(
      error.message,
      /^cannot undo: install web: enable: not now \(to be undone because: .*nowhere/s,
    );
    return true;
  });
  assert.deepEqual(readdirSync(options.paths.journal), ['undoing.json']);
  options.systemd.disable = disable;
  assert.equal(await recover(options), 'recovered: "install web" was interrupted and is now undone');
  assert.deepEqual(withoutStaging(root), before);
});

test('an install that dies at any step is undone by recovery', async (context) => {
  const root = makeRoot(context);
  const before = look(root);
  const { steps } = planWeb(root);
  for (const [index] of steps.entries()) {
    for (const event of index === 0 ? (['begin', 'done'] as const) : (['done'] as const)) {
      crash(root, 'install', index, event);
      const options = optionsFor(root);
      assert.equal(await recover(options), 'recovered: "install web" was interrupted and is now undone');
      assert.deepEqual(withoutStaging(root), before, `${event} ${steps[index]?.kind}`);
      assert.deepEqual(readImages(options.store), []);
      assert.equal(await recover(options), undefined);
    }
  }
});

test('an uninstall that dies at any step is finished by recovery', async (context) => {
  const root = makeRoot(context);
  const before = look(root);
  const steps = planWebAway().steps;
  for (const [index] of steps.entries()) {
    for (const event of index === 0 ? (['begin', 'done'] as const) : (['done'] as const)) {
      await apply(planWeb(root), optionsFor(root));
      crash(root, 'uninstall', index, event);
      assert.equal(
        await recover(optionsFor(root)),
        'recovered: "uninstall web" was interrupted and is now finished',
      );
      rmSync(join(root, 'var/lib/web'), { recursive: true });
      assert.deepEqual(withoutStaging(root), before, `${event} ${steps[index]?.kind}`);
    }
  }
});

test('an uninstall that fails has everything put back as it was', async (context) => {
  const root = makeRoot(context);
  const options = optionsFor(root);
  await apply(planWeb(root), options);
  const before = withoutStaging(root);
  const { steps, ...plan } = planWebAway();
  await assert.rejects(apply({ ...plan, steps: [...steps, FAILING] }, options), /nowhere/);
  const after = look(root);
  assert.deepEqual(after, before);
});

test('what a change kept for its undo does not meet the next change', async (context) => {
  const root = makeRoot(context);
  await apply(planWeb(root), optionsFor(root));
  // Dies between the end of the change and the removal of what it kept.
  const { paths } = optionsFor(root);
  mkdirSync(join(paths.journal, 'backup-11/0/rootfs'), { recursive: true });
  assert.equal(await recover(optionsFor(root)), undefined);
  assert.deepEqual(readdirSync(paths.journal), []);
  mkdirSync(join(paths.journal, 'backup-11/0/rootfs'), { recursive: true });
  await apply(planWebAway(), optionsFor(root));
  assert.ok(!existsSync(join(root, 'var/lib/berth/deployments/web')));
});

test('nothing is undone that the journal cannot tell of', async (context) => {
  const root = makeRoot(context);
  const { paths, ...options } = optionsFor(root);
  mkdirSync(paths.journal);
  execFileSync('mount', ['-t', 'tmpfs', 'tmpfs', paths.journal]);
  try {
    const systemd = new FakeSystemd(paths);
    systemd.broken.add('web.service');
    const { steps, ...plan } = planWeb(root);
    const start: Step = { kind: 'start', unit: 'web.service' };
    const onStep = ({ kind }: Step) => {
      if (kind === 'start') execFileSync('mount', ['-o', 'remount,ro', paths.journal]);
    };
    const failing = { ...options, paths, systemd, onStep };
    await assert.rejects(apply({ ...plan, steps: [...steps, start] }, failing), {
      message:
        /^cannot undo: install web: journal: EROFS.* \(to be undone because: cannot start: web\.service/,
    });
    execFileSync('mount', ['-o', 'remount,rw', paths.journal]);
    assert.match((await recover({ ...options, paths, systemd })) ?? '', /it is installed$/);
    assert.ok(existsSync(join(root, 'etc/systemd/system/web.service')));
  } finally {
    execFileSync('umount', [paths.journal]);
  }
});

test('a full disk refuses a change before it begins', async (context) => {
  const root = makeRoot(context);
  const options = optionsFor(root);
  const before = look(root);
  mkdirSync(options.paths.journal);
  // A file system that is full: its only page is taken.
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=4k', 'tmpfs', options.paths.journal]);
  try {
    writeFileSync(join(options.paths.journal, 'x'), 'x');
    const big: Plan = { ...planWeb(root), title: 'x'.repeat(5000) };
    await assert.rejects(apply(big, options), { code: 'no-space' });
    assert.deepEqual(withoutStaging(root), before);
  } finally {
    execFileSync('umount', [options.paths.journal]);
  }
});

test('a journal that cannot be read is an error that names it', async (context) => {
  const root = makeRoot(context);
  const options = optionsFor(root);
  mkdirSync(options.paths.journal);
  writeFileSync(join(options.paths.journal, 'applying.json'), '{"version": 2, "plan": {}}');
  await assert.rejects(recover(options), (error: BerthError) => {
    assert.equal(error.code, 'journal-damaged');
    assert.match(error.message, /applying\.json: version 2 is not known to this berth$/);
    return true;
  });
});
