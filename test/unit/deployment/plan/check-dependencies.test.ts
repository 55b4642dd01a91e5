import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import {
  checkDependencies,
  inStartOrder,
  nameDependents,
  stagedGraph,
} from '../../../../src/deployment/plan/check-dependencies.ts';
import type { StagedDeployment } from '../../../../src/deployment/plan/plan-install.ts';
import { Paths } from '../../../../src/paths.ts';
import { parseServiceName } from '../../../../src/service-name.ts';
import { OfflineSystemd } from '../../../../src/systemd/offline-systemd.ts';

let directory: string;
let paths: Paths;
before(() => {
  directory = mkdtempSync(join(tmpdir(), 'berth-dependencies-'));
  paths = new Paths(join(directory, 'root'));
  mkdirSync(paths.units, { recursive: true });
});
after(() => rmSync(directory, { recursive: true }));

/** A staged service whose unit has these lines, as far as order needs one. */
function stage(service: string, ...lines: string[]): StagedDeployment {
  const place = join(directory, service);
  mkdirSync(place, { recursive: true });
  const unit = `${service}.service`;
  writeFileSync(join(place, unit), `[Unit]\n${lines.join('\n')}\n`);
  const path = `/etc/systemd/system/${unit}`;
  return {
    record: { service: parseServiceName(service), units: [unit], enabled: true },
    directory: place,
    files: [{ type: 'file', path, role: 'unit', source: unit, uid: 0, gid: 0, mode: 0o644, content: '' }],
  } as unknown as StagedDeployment;
}

async function check(
  staged: StagedDeployment[],
  force = false,
): Promise<{ order: string[]; warnings: string[] }> {
  const warnings: string[] = [];
  const host = { paths, systemd: new OfflineSystemd(paths), warn: (text: string) => warnings.push(text) };
  const graph = await stagedGraph(staged, host);
  checkDependencies(staged, graph, { force, warn: host.warn });
  return { order: inStartOrder(staged, graph).map(({ record }) => record.service), warnings };
}

test('deployments are put into the order in which they can start', async () => {
  const staged = [
    stage('docker', 'Requires=flanneld.service', 'After=flanneld.service'),
    stage('flanneld', 'BindsTo=etcd.service', 'After=etcd.service'),
    stage('etcd'),
  ];
  assert.deepEqual((await check(staged)).order, ['etcd', 'flanneld', 'docker']);
});

test('a required unit that is nowhere is an error with a command, and a warning with force', async () => {
  const staged = [
    stage('docker', 'Requires=flanneld.service data.mount', 'BindsTo=etcd.service', 'Wants=x.service'),
  ];
  await assert.rejects(check(staged), {
    code: 'dependency-missing',
    message:
      'cannot install docker: docker.service requires flanneld.service, which is not installed; docker.service requires etcd.service, which is not installed',
    hint: /: berth install flanneld etcd$/,
  });
  assert.deepEqual((await check(staged, true)).warnings, [
    'docker.service requires flanneld.service, which is not installed: it will not start',
    'docker.service requires etcd.service, which is not installed: it will not start',
  ]);
});

test('an update has no --force to hint at', async () => {
  const host = { paths, systemd: new OfflineSystemd(paths), warn: () => undefined };
  const staged = [stage('docker', 'Requires=flanneld.service')];
  const graph = await stagedGraph(staged, host);
  assert.throws(() => checkDependencies(staged, graph, { force: false, warn: host.warn, verb: 'update' }), {
    message: /^cannot update docker: /,
    hint: 'berth install flanneld',
  });
});

test('a required unit of the host will do, unless it is masked', async () => {
  const file = paths.unit('etcd.service');
  writeFileSync(file, '[Service]\nExecStart=/bin/true\n');
  await check([stage('docker', 'Requires=etcd.service')]);
  writeFileSync(file, '');
  await assert.rejects(check([stage('docker', 'Requires=etcd.service')]), {
    message: /etcd\.service, which is masked$/,
    hint: /: systemctl unmask etcd\.service$/,
  });
  rmSync(file);
});

test('a cycle is an error that prints it, force or not', async () => {
  writeFileSync(paths.unit('host.service'), '[Unit]\nAfter=b.service\n');
  const staged = [stage('a', 'After=host.service'), stage('b', 'After=a.service')];
  await assert.rejects(check(staged, true), {
    code: 'dependency-cycle',
    message: /: a\.service → host\.service → b\.service → a\.service$/,
  });
  rmSync(paths.unit('host.service'));
});

test('the [Install] section of a service that is enabled counts', async () => {
  const staged = [stage('a', '[Install]', 'RequiredBy=b.service'), stage('b', 'After=a.service')];
  const graph = await stagedGraph(staged, {
    paths,
    systemd: new OfflineSystemd(paths),
    warn: () => undefined,
  });
  const steps = nameDependents(
    [
      { kind: 'start', unit: 'a.service' },
      { kind: 'start', unit: 'b.service' },
    ],
    graph,
  );
  assert.deepEqual(steps, [
    { kind: 'start', unit: 'a.service', dependents: ['b.service'] },
    { kind: 'start', unit: 'b.service' },
  ]);
});

test('200 services are read, checked and ordered', async () => {
  const staged = Array.from({ length: 200 }, (_, index) => {
    const number = (index * 77) % 200;
    const before = Array.from({ length: Math.min(number, 10) }, (_, back) => `s${number - back - 1}.service`);
    return stage(`s${number}`, `After=${before.join(' ')}`, `Requires=${before.join(' ')}`);
  });
  const { order } = await check(staged);
  assert.deepEqual(
    order,
    Array.from({ length: 200 }, (_, index) => `s${index}`),
  );
});
