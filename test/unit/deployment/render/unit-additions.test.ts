import assert from 'node:assert/strict';
import { test } from 'node:test';
import { addSupervision, renderAdditions } from '../../../../src/deployment/render/unit-additions.ts';
import { parseServiceName } from '../../../../src/service-name.ts';
import { parseUnitFile } from '../../../../src/systemd/unit-file.ts';

const name = parseServiceName('web');

test('additions of one section stand together, in their order', () => {
  const text = renderAdditions([
    { section: 'Service', key: 'Delegate', value: 'yes' },
    { section: 'Unit', key: 'After', value: 'etcd.service' },
    { section: 'Service', key: 'ExecStartPost', value: '/a' },
    { section: 'Service', key: 'ExecStartPost', value: '/b' },
  ]);
  assert.equal(
    text,
    '[Unit]\nAfter=etcd.service\n\n[Service]\nDelegate=yes\nExecStartPost=/a\nExecStartPost=/b\n',
  );
});

test('nothing to add makes no drop-in', () => {
  assert.equal(renderAdditions([]), undefined);
});

test('an addition cannot bring a second line', () => {
  assert.throws(() => renderAdditions([{ section: 'Unit', key: 'After', value: 'a\nB=c' }]), {
    code: 'unit-invalid',
  });
});

test('a unit gets only what it leaves out', () => {
  const unit = parseUnitFile('[Service]\nDelegate=cpu\n', 'web.service');
  assert.deepEqual(addSupervision(unit, name), [
    { section: 'Service', key: 'SyslogIdentifier', value: 'web' },
  ]);
});
