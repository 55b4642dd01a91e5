import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { type ApplyOptions, apply } from '../../../../src/deployment/apply/apply.ts';
import { Journal } from '../../../../src/deployment/apply/journal.ts';
import { recover } from '../../../../src/deployment/apply/recover.ts';
import { readHistory } from '../../../../src/deployment/history.ts';
import type { HealthCheck, Plan, Step } from '../../../../src/deployment/plan/plan.ts';
import { listDeployments } from '../../../../src/deployment/record.ts';
import { parseServiceName } from '../../../../src/service-name.ts';
import { FakeSystemd } from './fake-systemd.ts';
import { makeRoot, optionsFor } from './scratch-root.ts';

const WEB = parseServiceName('web');
const UNITS = ['web.service', 'front.service'];
const RESTART: Step = { kind: 'restart', units: ['web.service'], dependents: ['front.service'] };

interface Scene {
  options: ApplyOptions;
  systemd: FakeSystemd;
  /** What `current` names. */
  live(): string;
}

/** A host with deployments 0 and 1 of `web`, the latter live. */
function scene(test: TestContext): Scene {
  const options = optionsFor(makeRoot(test));
  const { paths } = options;
  const places = [paths.deployment(WEB, 0), paths.deployment(WEB, 1), join(paths.store, 'staging/web')];
  for (const [number, place] of places.entries()) {
    mkdirSync(place, { recursive: true });
    const image = { manifestDigest: `sha256:${'0'.repeat(64)}` };
    const record = { version: 1, service: WEB, number, image, units: ['web.service'] };
    writeFileSync(join(place, 'deployment.json'), JSON.stringify(record));
  }
  const systemd = new FakeSystemd(paths);
  return { options: { ...options, systemd }, systemd, live: () => readlinkSync(paths.current(WEB)) };
}

/** From deployment 1 to 2, after which 0 is not kept. */
function plan({ options }: Scene, more: { health?: HealthCheck[]; keepStarted?: true } = {}): Plan {
  const { health = [], ...flags } = more;
  return {
    title: 'update web',
    interrupted: 'undo',
    ...flags,
    steps: [
      { kind: 'resume', units: UNITS },
      { kind: 'reload', on: 'undo' },
      { kind: 'deployment', service: WEB, number: 2, staged: join(options.paths.store, 'staging/web') },
      { kind: 'current', service: WEB, number: 2, previous: 1 },
      { kind: 'history', service: WEB, event: { at: '', what: 'update', number: 2 }, refused: null },
      { kind: 'reload', on: 'run' },
      RESTART,
      { kind: 'watch', units: UNITS, seconds: 0.2, health },
      { kind: 'drop', service: WEB, number: 0 },
    ],
  };
}

async function begin(stage: Scene, phase?: 'starting' | 'watching', flags = {}): Promise<void> {
  await apply(
    { title: '', interrupted: 'undo', steps: [{ kind: 'current', service: WEB, number: 1, previous: 0 }] },
    stage.options,
  );
  if (phase === undefined) return;
  const change = plan(stage, flags);
  const journal = new Journal(stage.options.paths);
  await apply({ ...change, steps: change.steps.slice(2, 5) }, stage.options);
  journal.begin(change);
  journal.advance(phase);
}

test('an update that works restarts what runs, and removes what is not kept', async (context) => {
  const stage = scene(context);
  await begin(stage);
  await apply(plan(stage), stage.options);
  assert.deepEqual(stage.systemd.calls, ['reload', 'restart web.service', 'start front.service']);
  assert.equal(stage.live(), '2');
  assert.deepEqual(listDeployments(stage.options.paths, WEB), [1, 2]);
  assert.equal(readHistory(stage.options.paths, WEB).events.length, 1);
});

test('a socket is opened anew while its service does not run', async (context) => {
  const stage = scene(context);
  const restart: Step = { kind: 'restart', units: ['web.socket', 'web.service'], dependents: [] };
  await apply({ title: '', interrupted: 'undo', steps: [restart] }, stage.options);
  assert.deepEqual(stage.systemd.calls, [
    ...['stop web.socket', 'stop web.service', 'start web.socket', 'restart web.service'],
  ]);
});

test('one that does not come up is stopped, undone, reloaded, and only then started as it was', async (context) => {
  const stage = scene(context);
  await begin(stage);
  stage.systemd.broken.add('web.service');
  await assert.rejects(apply(plan(stage), stage.options), { code: 'unit-failed', unit: 'web.service' });
  assert.deepEqual(stage.systemd.calls, [
    ...['reload', 'restart web.service'],
    ...['stop web.service', 'reload', 'start web.service', 'start front.service'],
  ]);
  assert.equal(stage.live(), '1');
  assert.deepEqual(listDeployments(stage.options.paths, WEB), [0, 1]);
  assert.deepEqual(readHistory(stage.options.paths, WEB).events, []);
});

test('what is watched must stay up and must not restart', async (context) => {
  for (const [state, says] of [
    [{ activeState: 'failed' }, /^did not stay up: front\.service: it is failed \(exit-code\)\n {2}no disk$/],
    [{ activeState: 'activating', subState: 'auto-restart' }, /front\.service: it ended/],
    [{ restarts: 1, invocation: 'b' }, /front\.service: it was restarted\n {2}no disk$/],
    // It comes up again while it is asked why it ended.
    [{ activeState: 'failed', invocation: 'b' }, /front\.service: it was restarted\n {2}no disk$/],
  ] as const) {
    const stage = scene(context);
    await begin(stage);
    const onStep: ApplyOptions['onStep'] = ({ kind }, phase) => {
      if (kind === 'watch' && phase === 'begin') stage.systemd.changeAfterLook('front.service', state);
    };
    const options = { ...stage.options, onStep };
    await assert.rejects(apply(plan(stage), options), { unit: 'front.service', message: says });
    assert.equal(stage.live(), '1');
  }
});

test('what is there to do some work and end may have done it', async (context) => {
  const stage = scene(context);
  await begin(stage);
  stage.systemd.change('front.service', { type: 'oneshot', activeState: 'inactive' });
  await apply(plan(stage), stage.options);
  assert.equal(stage.live(), '2');
});

test('a health command may fail now and then, but not at the end', async (context) => {
  const check = (script: string): HealthCheck => {
    const argv = ['/bin/sh', '-c', script];
    return { unit: 'web.service', argv, timeout: 1, interval: 0.1, retries: 2, startPeriod: 0 };
  };
  const stage = scene(context);
  await begin(stage);
  const once = join(stage.options.paths.root, 'once');
  await apply(
    plan(stage, { health: [check(`[ -e ${once} ] || { touch ${once}; exit 1; }`)] }),
    stage.options,
  );
  for (const [script, says] of [
    [
      'echo "it is ill"; exit 4',
      /^BerthError: not healthy: web\.service: exit status 4: it is ill: \/bin\/sh/,
    ],
    ['exec sleep 5', /^BerthError: not healthy: web\.service: no answer within 1 s/],
  ] as const) {
    const ill = scene(context);
    await begin(ill);
    await assert.rejects(apply(plan(ill, { health: [check(script)] }), ill.options), says);
  }
});

test('with keepStarted the new version stays as it is, and what is not kept goes', async (context) => {
  const stage = scene(context);
  await begin(stage);
  stage.systemd.broken.add('web.service');
  await assert.rejects(apply(plan(stage, { keepStarted: true }), stage.options), { unit: 'web.service' });
  assert.equal(stage.live(), '2');
  assert.deepEqual(listDeployments(stage.options.paths, WEB), [1, 2]);
  assert.equal(await recover(stage.options), undefined);
});

test('an old version that does not start either is said, and the undo is over', async (context) => {
  const stage = scene(context);
  await begin(stage);
  for (const unit of UNITS) stage.systemd.broken.add(unit);
  const warnings: string[] = [];
  const options = { ...stage.options, warn: (text: string) => warnings.push(text) };
  await assert.rejects(apply(plan(stage), options), { unit: 'web.service' });
  assert.equal(warnings.length, 2);
  assert.equal(await recover(stage.options), undefined);
});

/** Says that a unit came up just now. */
function cameUp(stage: Scene, unit: string): void {
  const activeEnter = Number(process.hrtime.bigint() / 1000n);
  const never = { inactiveExit: 0, activeExit: 0, inactiveEnter: 0 };
  stage.systemd.change(unit, { monotonic: { ...never, activeEnter } });
}

const FINISHED = 'recovered: "update web" was interrupted and is now finished';
const UNDONE = 'recovered: "update web" was interrupted and is now undone: ';

test('an update that died while it restarted services restarts them again and watches them', async (context) => {
  const stage = scene(context);
  await begin(stage, 'starting');
  assert.equal(await recover(stage.options), FINISHED);
  assert.deepEqual(stage.systemd.calls, [
    ...['restart web.service', 'start front.service'],
    ...['start web.service', 'start front.service'],
  ]);
  assert.equal(stage.live(), '2');
  assert.deepEqual(listDeployments(stage.options.paths, WEB), [1, 2]);
});

test('one that died while it watched restarts nothing, and watches for the rest of the time', async (context) => {
  const stage = scene(context);
  await begin(stage, 'watching');
  cameUp(stage, 'front.service');
  setTimeout(() => stage.systemd.change('web.service', { activeState: 'failed' }), 50);
  assert.equal(
    await recover(stage.options),
    `${UNDONE}did not stay up: web.service: it is failed (exit-code)\n  no disk`,
  );
  assert.deepEqual(stage.systemd.calls.slice(0, 3), [
    ...['start web.service', 'start front.service', 'stop web.service'],
  ]);
  assert.equal(stage.live(), '1');

  const later = scene(context);
  await begin(later, 'watching');
  setTimeout(() => later.systemd.change('web.service', { activeState: 'failed' }), 150);
  // Both have been up for longer than they were to be watched.
  assert.equal(await recover(later.options), FINISHED);
  assert.equal(later.live(), '2');
});

test('what does not come up after such a death is undone, unless it is to stay', async (context) => {
  const stage = scene(context);
  await begin(stage, 'starting');
  stage.systemd.broken.add('web.service');
  assert.equal(await recover(stage.options), `${UNDONE}cannot start: web.service: exit-code`);
  assert.equal(stage.live(), '1');

  const kept = scene(context);
  await begin(kept, 'starting', { keepStarted: true });
  kept.systemd.broken.add('web.service');
  assert.equal(await recover(kept.options), `${FINISHED}: cannot start: web.service: exit-code`);
  assert.equal(kept.live(), '2');
});

test('Ctrl-C ends the watch of a recovery, and the next one goes on', async (context) => {
  const stage = scene(context);
  await begin(stage, 'watching');
  cameUp(stage, 'web.service');
  const abort = new AbortController();
  setTimeout(() => abort.abort(), 50);
  await assert.rejects(recover({ ...stage.options, signal: abort.signal }), { code: 'interrupted' });
  assert.equal(await recover(stage.options), FINISHED);
});

test('an update that died before it restarted anything leaves what runs alone', async (context) => {
  const stage = scene(context);
  await begin(stage);
  new Journal(stage.options.paths).begin(plan(stage));
  assert.equal(await recover(stage.options), 'recovered: "update web" was interrupted and is now undone');
  assert.deepEqual(
    stage.systemd.calls.filter((call) => call.startsWith('stop')),
    [],
  );
});

test('what a boot has started in a version that is undone is stopped, and starts in the old one', async (context) => {
  const stage = scene(context);
  await begin(stage);
  const { paths } = stage.options;
  // Nothing ran when it began, so it restarts nothing.
  const change = plan(stage);
  change.steps = change.steps.filter(({ kind }) => !/^(resume|restart|watch)$/.test(kind));
  await apply({ ...change, steps: change.steps.slice(1, 4) }, stage.options);
  new Journal(paths).begin(change);
  const file = join(paths.journal, 'applying.json');
  writeFileSync(file, readFileSync(file, 'utf8').replace(/"boot":"[^"]*"/, '"boot":"another"'));
  stage.systemd.calls.length = 0;
  stage.systemd.change('web.service', { loadState: 'loaded' });
  assert.match((await recover(stage.options)) ?? '', /is now undone$/);
  assert.deepEqual(stage.systemd.calls, ['stop web.service', 'reload', 'start web.service']);
  assert.equal(stage.live(), '1');
});
