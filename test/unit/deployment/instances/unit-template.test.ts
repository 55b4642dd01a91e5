import assert from 'node:assert/strict';
import { test } from 'node:test';
import { unitDifference } from '../../../../src/deployment/instances/unit-difference.ts';
import { generalizeUnit, unitFileName } from '../../../../src/deployment/instances/unit-template.ts';
import { parseServiceName } from '../../../../src/service-name.ts';

const a = parseServiceName('web@a');
const b = parseServiceName('web@b');

const unitOf = (name: string, port: number) => `[Unit]
Description=Web on port ${port}
After=network.target

[Service]
Type=forking
PIDFile=/run/container-web@${name}.pid
Environment=PORT=${port}
Environment=NAME=web@${name}
ExecStartPre=-/usr/bin/runc delete --force web+${name}
ExecStart=/usr/bin/runc run --detach --bundle /var/lib/berth/deployments/web@${name}/current web+${name}
`;

test('instances share a file, other services do not', () => {
  assert.equal(unitFileName(a), 'web@.service');
  assert.equal(unitFileName(parseServiceName('web')), 'web.service');
});

test('a template has %i where an instance’s unit has its name', () => {
  const template = generalizeUnit(unitOf('a', 80), a);
  assert.match(template, /^PIDFile=\/run\/container-web@%i\.pid$/m);
  assert.match(template, /--force web\+%i$/m);
  assert.doesNotMatch(template, /web[@+]a/);
  assert.equal(generalizeUnit(unitOf('b', 80), b), template);
  const whole = unitOf('x', 80).replaceAll('web@x', 'web');
  assert.equal(generalizeUnit(whole, parseServiceName('web')), whole);
});

test('what %i stands for gives each instance back its own unit', () => {
  // A name within a longer word is still the name.
  const text = '[Service]\nExecStart=/x web@a web@ab ab@web@a.b\n';
  assert.equal(generalizeUnit(text, a).replaceAll('%i', 'a'), text);
});

test('instances that differ in nothing but their names need no drop-in', () => {
  const [one, other] = [generalizeUnit(unitOf('a', 80), a), generalizeUnit(unitOf('b', 80), b)];
  assert.deepEqual(unitDifference(one, other, b), []);
});

test('what differs is said anew in a drop-in, lists from their beginning', () => {
  const [one, other] = [generalizeUnit(unitOf('a', 80), a), generalizeUnit(unitOf('b', 81), b)];
  assert.deepEqual(
    unitDifference(one, other, b).map(({ section, key, value }) => `${section} ${key}=${value}`),
    [
      'Unit Description=Web on port 81',
      'Service Environment=',
      'Service Environment=PORT=81',
      'Service Environment=NAME=web@%i',
    ],
  );
  const without = other.replaceAll(/^Environment=.*\n/gm, '');
  assert.deepEqual(
    unitDifference(other, without, b).map(({ key, value }) => `${key}=${value}`),
    ['Environment='],
  );
});

const IMPOSSIBLE: [string, (unit: string) => string, RegExp][] = [
  ['another dependency', (unit) => unit.replace('network.target', 'x.target'), /After= of \[Unit\]/],
  ['one dependency less', (unit) => unit.replace('After=network.target\n', ''), /After= of \[Unit\]/],
  [
    'a section for systemctl enable',
    (unit) => `${unit}[Install]\nWantedBy=x.target\n`,
    /WantedBy= of \[Install\]/,
  ],
  ['one single-valued directive less', (unit) => unit.replace('Type=forking\n', ''), /Type= of \[Service\]/],
  ['a directive that nobody here knows', (unit) => `${unit}Whatever=x\n`, /Whatever= of \[Service\]/],
];

for (const [what, change, message] of IMPOSSIBLE) {
  test(`an instance with ${what} is refused`, () => {
    const template = generalizeUnit(unitOf('a', 80), a);
    assert.throws(() => unitDifference(template, change(template), b), {
      code: 'unit-conflict',
      message,
      hint: /--name web-/,
    });
  });
}
