import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { parse as parseYaml } from 'yaml';
import type { ImageConfig } from '../../../src/image/image.ts';
import { Paths } from '../../../src/paths.ts';
import { checkConfig } from '../../../src/runtime/check-config.ts';
import { defaultConfig } from '../../../src/runtime/default-config.ts';
import type { OciConfig } from '../../../src/runtime/oci-config.ts';
import { parseServiceName } from '../../../src/service-name.ts';
import { renderDefaultService, renderDefaultTmpfiles } from '../../../src/systemd/default-templates.ts';
import { parseUnitFile } from '../../../src/systemd/unit-file.ts';

interface RenderedDefaults {
  service: string;
  tmpfiles: string;
  config: OciConfig;
}

const FIXTURES = join(import.meta.dirname, 'default-templates');

// Each fixture is the config of an image, with what must come of it in lines that begin with "## assert".
for (const fixture of readdirSync(FIXTURES)) {
  test(`the unit and config.json of an image without exports: ${fixture}`, async () => {
    const text = readFileSync(join(FIXTURES, fixture), 'utf8');
    const rendered = await render(parseYaml(text));
    checkConfig(rendered.config);
    for (const [line, assertion = '', words = ''] of text.matchAll(/^## (assert-\S+) ?(.*)$/gm)) {
      check(rendered, assertion, words, line);
    }
  });
}

test('every image gets the same directives, whatever its labels say', async () => {
  const keys = async (fixture: string) => {
    const { service } = await render(parseYaml(readFileSync(join(FIXTURES, fixture), 'utf8')));
    return parseUnitFile(service, fixture)
      .entries.map(({ section, key }) => `${section} ${key}`)
      .filter((key) => key !== 'Unit Documentation');
  };
  assert.deepEqual(await keys('full.yaml'), await keys('plain.yaml'));
});

test('an image that no service can be made of is refused by name of the fault', async () => {
  await assert.rejects(render({}), { code: 'image-config-invalid', message: /names no command/ });
  const broken: [Partial<ImageConfig>, RegExp][] = [
    [{ user: 'nobody-here' }, /unknown user of the image: "nobody-here"/],
    [{ user: 'app:nogroup-here' }, /unknown group/],
    [{ stopSignal: 'SIGNOPE' }, /not a signal/],
    [{ volumes: ['/proc/x'] }, /not a volume/],
    [{ volumes: ['/'] }, /not a volume/],
    [{ volumes: ['/a\n/b'] }, /not a volume/],
    [{ volumes: ['data'] }, /not a volume/],
  ];
  for (const [part, message] of broken) {
    await assert.rejects(render({ entrypoint: ['/bin/x'], ...part }), {
      code: 'image-config-invalid',
      message,
    });
  }
});

function check(
  { service, tmpfiles, config }: RenderedDefaults,
  assertion: string,
  words: string,
  line: string,
): void {
  const [first = '', second = '', third = ''] = [...words.matchAll(/"(?:[^"\\]|\\.)*"/g)].map(([word]) =>
    String(JSON.parse(word)),
  );
  const unit = parseUnitFile(service, 'web.service');
  const assertions: Record<string, () => void> = {
    'assert-key-is': () => assert.deepEqual(unit.all(first, second), [third], line),
    'assert-no-key': () => assert.deepEqual(unit.all(first, second), [], line),
    'assert-tmpfiles': () => assert.ok(tmpfiles.split('\n').includes(first), `${line}\n${tmpfiles}`),
    'assert-no-tmpfiles': () => assert.equal(tmpfiles, '', line),
    'assert-config-is': () =>
      assert.deepEqual(valueAt(config, first), JSON.parse(words.slice(words.indexOf(' ') + 1)), line),
  };
  assert.ok(assertions[assertion], `unknown assertion: ${line}`);
  assertions[assertion]();
}

function valueAt(value: unknown, path: string): unknown {
  return path.split('.').reduce<unknown>((at, key) => (at as Record<string, unknown>)[key], value);
}

async function render(part: Partial<ImageConfig>): Promise<RenderedDefaults> {
  const rootfs = mkdtempSync(join(tmpdir(), 'berth-rootfs-'));
  try {
    for (const directory of ['etc', 'full', 'empty']) mkdirSync(join(rootfs, directory));
    chmodSync(join(rootfs, 'empty'), 0o1770);
    writeFileSync(join(rootfs, 'full/file'), 'x');
    writeFileSync(
      join(rootfs, 'etc/passwd'),
      'root:x:0:0::/root:/bin/sh\napp:x:1234:1234::/home/app:/bin/sh\n',
    );
    writeFileSync(join(rootfs, 'etc/group'), 'app:x:1234:app\nextra:x:55:app\n');
    const input = {
      name: parseServiceName('web'),
      runtime: { path: '/usr/bin/runc', name: 'runc' },
      image: { ...EMPTY, ...part },
      imageName: 'registry.example/web:1',
      rootfs,
      installed: '/var/lib/berth/deployments/web/current/rootfs',
      paths: new Paths('/'),
    };
    return {
      service: await renderDefaultService(input),
      tmpfiles: await renderDefaultTmpfiles(input),
      config: await defaultConfig(input),
    };
  } finally {
    rmSync(rootfs, { recursive: true });
  }
}

const EMPTY: ImageConfig = {
  architecture: 'amd64',
  os: 'linux',
  diffIds: [],
  user: '',
  env: [],
  entrypoint: [],
  cmd: [],
  workingDir: '',
  volumes: [],
  exposedPorts: [],
  labels: {},
};
