import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { describePlan, describeStep, plannedSteps } from '../../../../src/deployment/plan/describe-plan.ts';
import type { Plan, Step } from '../../../../src/deployment/plan/plan.ts';
import { planInstall, type StagedDeployment } from '../../../../src/deployment/plan/plan-install.ts';
import { planUninstall } from '../../../../src/deployment/plan/plan-uninstall.ts';
import type { StagedFile } from '../../../../src/deployment/plan/stage-files.ts';
import type { DeploymentRecord, InstalledFile } from '../../../../src/deployment/record.ts';
import type { Digest } from '../../../../src/image/digest.ts';
import { Paths } from '../../../../src/paths.ts';
import { parseServiceName } from '../../../../src/service-name.ts';
import { scratch } from '../../layer/scratch.ts';

const IMAGE = {
  name: 'registry.example/web:1',
  mediaType: 'application/vnd.oci.image.manifest.v1+json',
  digest: `sha256:${'1'.repeat(64)}` as Digest,
  size: 2,
};
const OWNER = { uid: 0, gid: 0, mode: 0o644 };
const UNIT = { type: 'file', role: 'unit', content: 'aa', ...OWNER } as const;

function staged(name: string, files: StagedFile[], more: Partial<DeploymentRecord> = {}): StagedDeployment {
  const service = parseServiceName(name);
  const record = { service, number: 0, units: [`${name}.service`], enabled: true, ...more };
  return {
    record: record as DeploymentRecord,
    directory: `/staging/${name}`,
    files,
    absent: [`/var/lib/${name}`],
    tag: { image: IMAGE, previous: null },
  };
}

/** A host with these files, and what it is called. */
function hostWith(test: TestContext, files: Record<string, string> = {}): Paths {
  const root = scratch(test);
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  return new Paths(root);
}

test('the plan of an install is data: every step, in order, with all that it takes', (context) => {
  const paths = hostWith(context);
  const deployment = paths.deployment(parseServiceName('web'), 0);
  const files: StagedFile[] = [
    { ...UNIT, path: '/etc/systemd/system/web.service', source: 'web.service' },
    { ...UNIT, role: 'sysusers', path: '/etc/sysusers.d/web.conf', source: 'sysusers.conf' },
    { ...UNIT, role: 'tmpfiles', path: '/etc/tmpfiles.d/web.conf', source: 'tmpfiles.conf' },
    { type: 'directory', role: 'host', path: '/usr/local/share/web', uid: 5, gid: 6, mode: 0o750 },
    { type: 'symlink', role: 'host', path: '/usr/local/share/web/now', target: 'then', uid: 0, gid: 0 },
  ];
  const plan = planInstall([staged('web', files)], paths, { now: true });
  const put = { kind: 'file', content: 'aa', ...OWNER } as const;
  assert.deepEqual(plan, {
    title: 'install web',
    interrupted: 'undo',
    steps: [
      { kind: 'reload', on: 'undo' },
      { kind: 'deployment', service: 'web', number: 0, staged: '/staging/web' },
      { kind: 'current', service: 'web', number: 0, previous: null },
      { kind: 'tag', image: IMAGE, previous: null },
      { ...put, path: '/etc/systemd/system/web.service', source: `${deployment}/web.service` },
      { ...put, path: '/etc/sysusers.d/web.conf', source: `${deployment}/sysusers.conf` },
      { ...put, path: '/etc/tmpfiles.d/web.conf', source: `${deployment}/tmpfiles.conf` },
      { kind: 'directory', path: '/usr/local/share/web', uid: 5, gid: 6, mode: 0o750 },
      { kind: 'symlink', path: '/usr/local/share/web/now', target: 'then' },
      { kind: 'sysusers', path: '/etc/sysusers.d/web.conf' },
      { kind: 'tmpfiles', path: '/etc/tmpfiles.d/web.conf', absent: ['/var/lib/web'] },
      { kind: 'enable', units: ['web.service'] },
      { kind: 'reload', on: 'run' },
      { kind: 'start', unit: 'web.service' },
      { kind: 'watch', units: ['web.service'], seconds: 2, health: [] },
    ],
  });
});

test('an image without a service has nothing for systemd to do', (context) => {
  const plan = planInstall([staged('tool', [], { units: [], enabled: false })], hostWith(context), {
    now: true,
  });
  assert.deepEqual(
    plan.steps.map(({ kind }) => kind),
    ['deployment', 'current', 'tag'],
  );
});

test('without --enable nothing is enabled, without --now nothing is started', (context) => {
  const plan = planInstall([staged('web', [], { enabled: false })], hostWith(context), { now: false });
  assert.deepEqual(
    plan.steps.map(({ kind }) => kind),
    ['reload', 'deployment', 'current', 'tag', 'reload'],
  );
});

test('a unit’s name that is taken is refused with another name as the way out', (context) => {
  const path = '/etc/systemd/system/web.service';
  const file: StagedFile = { ...UNIT, path, source: 'web.service' };
  assert.throws(
    () => planInstall([staged('web', [file])], hostWith(context, { [path]: '' }), { now: false }),
    {
      code: 'unit-conflict',
      message: `cannot install: ${path}: a file is there that berth did not put there`,
      hint: '--name web-2',
    },
  );
});

test('a dangling symlink takes a place as much as a file does', (context) => {
  const paths = hostWith(context, { '/usr/local/bin/x': '' });
  const path = '/usr/local/bin/webctl';
  symlinkSync('/nowhere', paths.locate(path));
  const file: StagedFile = { ...UNIT, role: 'host', path, source: 'webctl' };
  assert.throws(() => planInstall([staged('web', [file])], paths, { now: false }), {
    code: 'host-file-conflict',
  });
});

test('two images that bring the same file are refused, the same directory is made once', (context) => {
  const directory: StagedFile = { type: 'directory', role: 'host', path: '/usr/local/share/both', ...OWNER };
  const file = (name: string): StagedFile => ({
    ...UNIT,
    role: 'host',
    path: `${directory.path}/${name}`,
    source: name,
  });
  const plan = (one: string, other: string) =>
    planInstall(
      [staged('one', [directory, file(one)]), staged('two', [directory, file(other)])],
      hostWith(context),
      {
        now: false,
      },
    );
  assert.equal(plan('a', 'b').steps.filter(({ kind }) => kind === 'directory').length, 1);
  assert.throws(() => plan('a', 'a'), {
    code: 'host-file-conflict',
    message: 'cannot install: /usr/local/share/both/a: two of these images bring it',
  });
});

test('an uninstall removes what is as it was, keeps what was changed, and asks for nothing that is gone', (context) => {
  const hash = (text: string) => createHash('sha256').update(text).digest('hex');
  const paths = hostWith(context, {
    '/etc/systemd/system/web.service': 'unit',
    '/etc/tmpfiles.d/web.conf': 'changed',
    '/etc/tmpfiles.d/web.conf.berthsave': 'of an earlier time',
  });
  const files: InstalledFile[] = [
    { path: '/etc/systemd/system/web.service', type: 'file', content: hash('unit') },
    { path: '/etc/tmpfiles.d/web.conf', type: 'file', content: hash('as installed') },
    { path: '/usr/local/bin/webctl', type: 'file', content: hash('gone') },
  ];
  const record = {
    service: 'web',
    units: ['web.service'],
    files,
    directories: ['/usr/local/a', '/usr/local/a/b'],
    beside: [],
  };
  const leaving = {
    record: record as unknown as DeploymentRecord,
    active: ['web.service'],
    enabled: ['web.service'],
    shared: [],
    purged: null,
  };
  const plan = planUninstall([leaving], paths, []);
  assert.equal(plan.interrupted, 'redo');
  assert.deepEqual(plan.steps, [
    { kind: 'stop', unit: 'web.service', active: true },
    { kind: 'reload', on: 'undo' },
    { kind: 'disable', units: ['web.service'], enabled: ['web.service'] },
    { kind: 'tmpfiles-remove', path: '/etc/tmpfiles.d/web.conf' },
    { kind: 'save', path: '/etc/tmpfiles.d/web.conf', to: '/etc/tmpfiles.d/web.conf.berthsave.1' },
    { kind: 'remove', file: files[0] },
    { kind: 'remove-directory', path: '/usr/local/a/b' },
    { kind: 'remove-directory', path: '/usr/local/a' },
    { kind: 'reload', on: 'run' },
    { kind: 'retire', service: 'web' },
  ]);
});

test('what goes with --purge, too, goes once', (context) => {
  const directory = '/etc/systemd/system/web.service.d';
  const record = { service: 'web', units: ['web.service'], files: [], directories: [directory], beside: [] };
  const leaving = {
    record: record as unknown as DeploymentRecord,
    ...{ active: [], enabled: [], shared: [] },
    purged: { state: [], parents: [], dropIns: [], dropInDirectories: [directory] },
  };
  const lines = describePlan(planUninstall([leaving], hostWith(context), []));
  assert.deepEqual(
    lines.filter((line) => line.includes(directory)),
    [`remove   ${directory}/ if empty`],
  );
});

test('every step is one line for a person', () => {
  const lines = [
    { kind: 'file', path: '/etc/x', source: '', content: '', ...OWNER },
    { kind: 'symlink', path: '/etc/x', target: 'y' },
    { kind: 'enable', units: ['a.service', 'b.service'] },
    { kind: 'save', path: '/etc/x', to: '/etc/x.berthsave' },
    { kind: 'restart', units: ['a.service'], dependents: ['b.service'] },
    { kind: 'watch', units: ['a.service'], seconds: 10, health: [] },
    { kind: 'drop', service: 'a', number: 3 },
  ] as Step[];
  assert.deepEqual(lines.map(describeStep), [
    'create   /etc/x',
    'create   /etc/x -> y',
    'enable   a.service b.service',
    'keep     /etc/x as /etc/x.berthsave',
    'restart  a.service b.service',
    'watch    a.service for 10 s',
    'remove   deployment 3 of a',
  ]);
  const forUndo: Step[] = [
    { kind: 'resume', units: ['a.service'] },
    { kind: 'reload', on: 'undo' },
  ];
  const plan: Plan = { title: '', interrupted: 'undo', steps: [...forUndo, ...lines] };
  assert.equal(describePlan(plan).length, 7);
  const [first, , , , restart, , drop, ...rest] = plannedSteps(plan);
  assert.deepEqual(first, { kind: 'file', service: null, path: '/etc/x', units: [], text: 'create /etc/x' });
  assert.deepEqual([restart?.units, drop?.service, rest], [['a.service', 'b.service'], 'a', []]);
});
