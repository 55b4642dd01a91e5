import assert from 'node:assert/strict';
import { test } from 'node:test';
import { deleteContainer } from '../../src/runtime/command-line.ts';
import { cgroupsPath } from '../../src/runtime/prepare-config.ts';
import { baseName, containerId, instanceOf, parseServiceName } from '../../src/service-name.ts';

test('a service may be one of several instances', () => {
  const web = parseServiceName('web@a.1');
  assert.equal(baseName(web), 'web');
  assert.equal(instanceOf(web), 'a.1');
  assert.equal(baseName(parseServiceName('web')), 'web');
  assert.equal(instanceOf(parseServiceName('web')), undefined);
});

test('what a unit, a file or a container could not be called is no name', () => {
  const names = [
    '',
    '@',
    'web@',
    '@a',
    'a@b@c',
    'a/b',
    '../a',
    'a..b',
    'a@..',
    'a@b..c',
    '-a',
    'a@-b',
    'a@.b',
  ];
  for (const name of [...names, 'a b', 'a@b/c', 'a+b', 'a\n', 'ä', `a@${'b'.repeat(127)}`]) {
    assert.throws(() => parseServiceName(name), { code: 'service-name-invalid' }, JSON.stringify(name));
  }
});

test('an instance’s container has an ID that runc takes, and that no other service has', () => {
  const runtime = { path: '/usr/bin/runc', name: 'runc' };
  const name = parseServiceName('my-web@a-b');
  assert.equal(containerId(name), 'my-web+a-b');
  assert.deepEqual(deleteContainer({ runtime, name }), ['/usr/bin/runc', 'delete', '--force', 'my-web+a-b']);
  assert.equal(containerId(parseServiceName('web')), 'web');
});

test('an instance’s cgroup lies in the slice that systemd gives its template', () => {
  assert.equal(cgroupsPath('web@a.service'), '/system.slice/system-web.slice/web@a.service/payload');
  assert.equal(
    cgroupsPath('my-web@a.service'),
    String.raw`/system.slice/system-my\x2dweb.slice/my-web@a.service/payload`,
  );
  assert.equal(cgroupsPath('web@a.service', 'x.slice'), '/x.slice/web@a.service/payload');
});

test('the name of a unit is not the name of a service', () => {
  assert.throws(() => parseServiceName('web.service'), {
    code: 'service-name-invalid',
    hint: 'leave out .service',
  });
  assert.equal(parseServiceName('service.0'), 'service.0');
});
