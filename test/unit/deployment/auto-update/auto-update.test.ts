import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { apply } from '../../../../src/deployment/apply/apply.ts';
import { AUTO_UPDATE, renderUnits } from '../../../../src/deployment/auto-update/render-units.ts';
import { planDisable, planEnable } from '../../../../src/deployment/own-units.ts';
import { planAtRest } from '../../../../src/deployment/plan/plan-at-rest.ts';
import { parseSettings } from '../../../../src/settings.ts';
import { look, makeRoot, optionsFor } from '../apply/scratch-root.ts';

const PROGRAM = ['/usr/bin/node', '/opt/my berth/main.js'];

function render(yaml = '{}'): ReadonlyMap<string, string> {
  return renderUnits(PROGRAM, parseSettings(yaml, 'berth.yaml').autoUpdate);
}

test('the timer spreads over the night, or over the window and never outside of it', () => {
  const always = render().get('berth-update.timer') ?? '';
  assert.match(always, /^OnCalendar=daily\nRandomizedDelaySec=21600s\nPersistent=yes$/m);
  const window = render('autoUpdate: {window: "23:30-01:00"}').get('berth-update.timer') ?? '';
  assert.match(window, /^OnCalendar=\*-\*-\* 23:30:00\nRandomizedDelaySec=5400s\nPersistent=no$/m);
  const service = render().get('berth-update.service') ?? '';
  assert.match(service, /^ExecStart="?\/usr\/bin\/node"? "\/opt\/my berth\/main\.js" update --all$/m);
  assert.doesNotMatch(`${always}${service}`, /@/);
});

test('a window that is none is refused', () => {
  for (const window of ['2-4', '02:00', '02:00-02:00', '25:00-26:00']) {
    assert.throws(() => render(`autoUpdate: {window: "${window}"}`), { code: 'settings-invalid' });
  }
  assert.throws(() => parseSettings('keep: 1', 'berth.yaml'), /keep must be a whole number, at least 2/);
});

test('what is enabled can be brought up to date and leaves nothing when it is disabled', async (context) => {
  const root = makeRoot(context);
  const options = optionsFor(root);
  const { paths } = options;
  mkdirSync(paths.state, { recursive: true });
  const before = look(root);
  let round = 0;
  const enable = async (units: ReadonlyMap<string, string>) => {
    round += 1;
    const staging = join(paths.state, `staging-${round}`);
    await apply(
      planAtRest(planEnable(AUTO_UPDATE, units, { ...options, staging }), options.systemd),
      options,
    );
  };
  await enable(render());
  await enable(render());
  await enable(render('autoUpdate: {window: "02:00-04:00"}'));
  const timer = paths.unit('berth-update.timer');
  assert.match(readFileSync(timer, 'utf8'), /02:00:00/);
  assert.match(look(root).join('\n'), /timers\.target\.wants\/berth-update\.timer -> /);

  writeFileSync(timer, 'mine\n');
  await enable(render());
  assert.equal(readFileSync(timer, 'utf8'), 'mine\n');
  assert.deepEqual(options.warnings, [
    'kept, because it was changed: /etc/systemd/system/berth-update.timer',
  ]);

  const plan = planDisable(AUTO_UPDATE, { active: false, enabled: true }, paths);
  assert.ok(plan);
  await apply(planAtRest(plan, options.systemd), options);
  assert.equal(planDisable(AUTO_UPDATE, { active: false, enabled: true }, paths), undefined);
  const left = look(root).filter(
    (line) => !/staging-|timers\.target\.wants\/ /.test(line) && !before.includes(line),
  );
  assert.deepEqual(
    left.map((line) => line.split(' ')[0]),
    ['/etc/systemd/system/berth-update.timer.berthsave'],
  );
});
