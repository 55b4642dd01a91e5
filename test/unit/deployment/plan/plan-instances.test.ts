import assert from 'node:assert/strict';
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { installedSiblings, readUnitTemplate } from '../../../../src/deployment/instances/siblings.ts';
import type { Step } from '../../../../src/deployment/plan/plan.ts';
import { planInstall, type StagedDeployment } from '../../../../src/deployment/plan/plan-install.ts';
import { planUninstall } from '../../../../src/deployment/plan/plan-uninstall.ts';
import type { DeploymentRecord } from '../../../../src/deployment/record.ts';
import { Paths } from '../../../../src/paths.ts';
import { parseServiceName } from '../../../../src/service-name.ts';
import { scratch } from '../../layer/scratch.ts';

const TEMPLATE = '/etc/systemd/system/web@.service';
const UNIT = '[Service]\nExecStart=/x %i\n';

function stagedInstance(name: string, content = 'aa'): StagedDeployment {
  const own = `/etc/tmpfiles.d/${name}.conf`;
  const files = [TEMPLATE, own].map((path) => ({
    ...{ path, type: 'file', role: 'unit', uid: 0, gid: 0, mode: 0o644 },
    ...{
      content: path === TEMPLATE ? content : name,
      source: path === TEMPLATE ? 'web@.service' : 'tmpfiles.conf',
    },
  }));
  const record = {
    ...{
      version: 1,
      service: name,
      number: 0,
      units: [`${name}.service`],
      enabled: true,
      files,
      directories: [],
      beside: [],
    },
    image: { manifestDigest: `sha256:${'1'.repeat(64)}` },
  };
  return { record, directory: '', files, absent: [] } as unknown as StagedDeployment;
}

/** A host on which these instances are installed. */
function hostWith(context: TestContext, ...names: string[]): Paths {
  const paths = new Paths(scratch(context));
  const put = (path: string, text: string) => {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  };
  for (const name of names) {
    const service = parseServiceName(name);
    put(join(paths.deployment(service, 0), 'deployment.json'), JSON.stringify(stagedInstance(name).record));
    put(join(paths.deployment(service, 0), 'web@.service'), UNIT);
    symlinkSync('0', paths.current(service));
    put(paths.locate(TEMPLATE), UNIT);
  }
  return paths;
}

const filesOf = (steps: Step[]) => steps.flatMap((step) => (step.kind === 'file' ? [step.path] : []));

test('instances of one command bring their unit once', (context) => {
  const staged = [stagedInstance('web@a'), stagedInstance('web@b')];
  const { steps } = planInstall(staged, hostWith(context), { now: false });
  assert.deepEqual(filesOf(steps), [TEMPLATE, '/etc/tmpfiles.d/web@a.conf', '/etc/tmpfiles.d/web@b.conf']);
});

test('an instance that comes later takes the unit that is there', (context) => {
  const paths = hostWith(context, 'web@a');
  assert.deepEqual(filesOf(planInstall([stagedInstance('web@b')], paths, { now: false }).steps), [
    '/etc/tmpfiles.d/web@b.conf',
  ]);
  rmSync(paths.locate(TEMPLATE));
  assert.equal(filesOf(planInstall([stagedInstance('web@b')], paths, { now: false }).steps)[0], TEMPLATE);
});

test('a template that another installed is not taken for an instance’s own', (context) => {
  const paths = hostWith(context, 'web@a');
  for (const stranger of [stagedInstance('web@b', 'bb'), stagedInstance('other@b')]) {
    assert.throws(() => planInstall([stranger], paths, { now: false }), { code: 'unit-conflict' });
  }
});

test('what instances share is read from a deployment, not from the file that a person may have changed', (context) => {
  const paths = hostWith(context, 'web@a', 'web@c', 'web', 'webb@a');
  writeFileSync(paths.locate(TEMPLATE), 'changed');
  const name = parseServiceName('web@b');
  const siblings = installedSiblings(name, paths);
  assert.deepEqual(
    siblings.map(({ record }) => record.service),
    ['web@a', 'web@c'],
  );
  assert.equal(readUnitTemplate(name, siblings, paths), UNIT);
  assert.deepEqual(installedSiblings(parseServiceName('web'), paths), []);
});

test('uninstall leaves what other instances need, and removes it once with the last of them', (context) => {
  const paths = hostWith(context, 'web@a', 'web@b');
  const leaving = (name: string, shared: string[]) => ({
    record: {
      ...stagedInstance(name).record,
      files: [{ path: TEMPLATE, type: 'file', content: '' }],
    } as DeploymentRecord,
    ...{ active: [], enabled: [], shared, purged: null },
  });
  const touched = (steps: Step[]) => steps.flatMap((step) => (step.kind === 'save' ? [step.path] : []));
  assert.deepEqual(touched(planUninstall([leaving('web@a', [TEMPLATE])], paths, []).steps), []);
  const both = planUninstall([leaving('web@a', []), leaving('web@b', [])], paths, []);
  assert.deepEqual(touched(both.steps), [TEMPLATE]);
});
