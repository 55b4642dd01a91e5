import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import {
  checkTaken,
  type DeploymentFacts,
  parseSetting,
  resolveValues,
} from '../../../../src/deployment/template/values.ts';
import { parseValues, readValuesFile } from '../../../../src/deployment/template/values-file.ts';
import { makeFifo } from '../../../../src/linux/node.ts';
import { parseServiceName } from '../../../../src/service-name.ts';
import { scratch } from '../../layer/scratch.ts';

const facts: DeploymentFacts = {
  name: parseServiceName('web'),
  directory: '/var/lib/berth/deployments/web/0',
  imageName: 'registry.example.com/httpd:2.4',
  imageId: 'sha256:abc',
  uuid: '0b8e7c5e-0000-4000-8000-000000000001',
  runtime: '/usr/sbin/runc',
  capabilities: ['CAP_CHOWN', 'CAP_KILL'],
};

describe('values', () => {
  it('of a person go before those of the image, and these before presets', () => {
    const values = resolveValues(
      facts,
      new Map([
        ['PORT', '80'],
        ['CONF_DIRECTORY', '/usr/etc'],
      ]),
      new Map([['PORT', '8080']]),
    );
    assert.equal(values.get('PORT'), '8080');
    assert.equal(values.get('CONF_DIRECTORY'), '/usr/etc');
    assert.equal(values.get('STATE_DIRECTORY'), '/var/lib');
    assert.equal(values.get('NAME'), 'web');
    assert.equal(values.get('PIDFILE'), '/run/container-web.pid');
    assert.equal(values.get('ALL_PROCESS_CAPABILITIES'), '"CAP_CHOWN", "CAP_KILL"');
  });

  it('that berth forces stay, whatever the others say', () => {
    const values = resolveValues(facts, new Map([['NAME', 'evil']]), new Map([['DESTDIR', '/']]));
    assert.equal(values.get('NAME'), 'web');
    assert.equal(values.get('DESTDIR'), facts.directory);
  });

  it('put the PID file where the person moved the run directory', () => {
    assert.equal(
      resolveValues(facts, new Map(), new Map([['RUN_DIRECTORY', '/run/x']])).get('PIDFILE'),
      '/run/x/container-web.pid',
    );
  });

  it('keep the UUID of the deployment before', () => {
    const first = resolveValues(facts, new Map(), new Map());
    assert.equal(first.get('UUID'), facts.uuid);
    const later = { ...facts, uuid: '0b8e7c5e-0000-4000-8000-000000000002' };
    assert.equal(resolveValues(later, new Map(), new Map(), first).get('UUID'), facts.uuid);
  });
});

describe('--set', () => {
  it('splits at the first "="; an empty value is a value', () => {
    assert.deepEqual(parseSetting('A=b=c'), ['A', 'b=c']);
    assert.deepEqual(parseSetting('A='), ['A', '']);
  });

  for (const text of ['A', '=x', '']) {
    it(`refuses ${JSON.stringify(text)}`, () => {
      assert.throws(() => parseSetting(text), { code: 'usage' });
    });
  }

  for (const text of [
    '1A=x',
    'A-B=x',
    'NAME=x',
    'EXEC_START=/bin/sh',
    'A=x\ny',
    'A=\u001b[0m',
    'A=\u0085',
    'A=\0',
  ]) {
    it(`refuses ${JSON.stringify(text)}`, () => {
      assert.throws(() => parseSetting(text), { code: 'value-invalid' });
    });
  }

  it('of a variable that the image does not have is refused with those that it has', () => {
    const asked = { name: facts.name, image: { name: facts.imageName } };
    checkTaken(asked, ['PORT', 'CONF_DIRECTORY'], ['PORT', 'NAME']);
    assert.throws(
      () => checkTaken(asked, ['PROT'], ['PORT', 'NAME']),
      (error: Error & { hint?: string }) => {
        assert.match(error.message, /PROT: web:/);
        assert.match(error.hint ?? '', /PORT/);
        assert.doesNotMatch(error.hint ?? '', /\bNAME\b/);
        return true;
      },
    );
  });
});

describe('a values file', () => {
  it('gives each scalar as it is written', () => {
    const values = parseValues(
      'VERSION: 1.10\nON: yes\nDEBUG: true\nMODE: 0644\nQ: "a: b"\nEMPTY:\n__proto__: x\n',
      'v.yaml',
    );
    assert.deepEqual([...values.values()], ['1.10', 'yes', 'true', '0644', 'a: b', '', 'x']);
    assert.equal(values.get('__proto__'), 'x');
  });

  it('may be empty', () => {
    assert.equal(parseValues('# nothing\n', 'v.yaml').size, 0);
  });

  const refused: [string, string][] = [
    ['a nested value', 'A: {b: c}\n'],
    ['a list', 'A: [1]\n'],
    ['no mapping', '- A\n'],
    ['a repeated key', 'A: 1\nA: 2\n'],
    ['a forced variable', 'NAME: x\n'],
    ['a line break', 'A: |\n  x\n  y\n'],
    ['a second document', 'A: 1\n---\nA: 2\n'],
    ['an alias', 'A: &a x\nB: *a\n'],
    ['broken YAML', 'A: "\n'],
  ];
  for (const [what, text] of refused) {
    it(`is refused for ${what}`, () => {
      assert.throws(() => parseValues(text, 'v.yaml'), { code: 'value-invalid', message: /v\.yaml/ });
    });
  }

  it('may be a pipe', async (context) => {
    const pipe = join(scratch(context), 'pipe');
    makeFifo(pipe, 0o600);
    const [values] = await Promise.all([readValuesFile(pipe, context.signal), writeFile(pipe, 'A: 1\n')]);
    assert.deepEqual([...values], [['A', '1']]);
  });

  it('that is not there is named', async (context) => {
    await assert.rejects(readValuesFile('/nonexistent/v.yaml', context.signal), {
      code: 'io',
      message: /\/nonexistent\/v\.yaml/,
    });
  });
});
