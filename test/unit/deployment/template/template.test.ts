// biome-ignore-all lint/suspicious/noTemplateCurlyInString: that is how variables of this dialect are written
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { renderTemplate, templateVariables } from '../../../../src/deployment/template/template.ts';
import { parseJson, renderJsonTemplate } from '../../../../src/deployment/template/template-json.ts';

const values = new Map([
  ['NAME', 'web'],
  ['_x1', 'y'],
  ['DOLLAR', '$NAME'],
  ['__proto__', 'proto'],
]);

describe('a $NAME template', () => {
  const rendered: [string, string][] = [
    ['a $NAME b', 'a web b'],
    ['${NAME}ctl $NAME/x $_x1', 'webctl web/x y'],
    ['$$NAME $$$NAME $$', '$NAME $web $'],
    ['$DOLLAR', '$NAME'],
    ['$__proto__', 'proto'],
    ['', ''],
  ];
  for (const [text, expected] of rendered) {
    it(`makes ${JSON.stringify(expected)} of ${JSON.stringify(text)}`, () => {
      assert.equal(renderTemplate(text, values, 'f'), expected);
    });
  }

  it('names its variables once, in their order', () => {
    assert.deepEqual(templateVariables('$B ${A} $$C $B', 'f'), ['B', 'A']);
  });

  it('names every variable without a value', () => {
    assert.throws(
      () => renderTemplate('$PORT $NAME ${HOST} $PORT', values, 'service.template'),
      (error: Error & { code?: string; hint?: string }) => {
        assert.equal(error.code, 'value-missing');
        assert.match(error.message, /PORT \(service\.template\), HOST \(service\.template\)/);
        assert.match(error.hint ?? '', /--set PORT=VALUE --set HOST=VALUE/);
        return true;
      },
    );
  });

  for (const text of ['x\n a $(id)', 'x\n a $1', 'x\n a ${NAME', 'x\n a ${A-B}', 'x\n a $']) {
    it(`is refused with line and column for ${JSON.stringify(text)}`, () => {
      assert.throws(() => renderTemplate(text, values, 'f'), { code: 'template-invalid', message: /f:2:4/ });
    });
  }

  it('does not look a variable up in a prototype', () => {
    assert.throws(() => renderTemplate('$constructor', new Map(), 'f'), { code: 'value-missing' });
  });
});

describe('a JSON template', () => {
  const render = (text: string, entries: Record<string, string>) =>
    renderJsonTemplate(text, new Map(Object.entries(entries)), 'config.json.template');

  it('escapes a value inside a string', () => {
    const value = '", "args": ["/bin/sh"], "x": "\\';
    assert.deepEqual(render('{"env": ["A=$A", "B=${A}c"]}', { A: value }), {
      env: [`A=${value}`, `B=${value}c`],
    });
  });

  it('knows a quote that is escaped in the template', () => {
    assert.deepEqual(render('{"a\\"$A": "\\\\", "b": "$A"}', { A: '"' }), { 'a""': '\\', b: '"' });
  });

  it('takes a fragment outside of strings, an empty one too', () => {
    const text = '{"mounts": [{"a": 1}\n\t$ADDTL_MOUNTS\n]}';
    assert.deepEqual(render(text, { ADDTL_MOUNTS: '' }), { mounts: [{ a: 1 }] });
    assert.deepEqual(render(text, { ADDTL_MOUNTS: ', {"b": "]"}' }), { mounts: [{ a: 1 }, { b: ']' }] });
  });

  for (const fragment of [']', '], "hooks": [', ', {"a": "', '}', '[}', ', {"a": [1}']) {
    it(`refuses the fragment ${fragment}`, () => {
      assert.throws(() => render('{"mounts": [{} $M]}', { M: fragment }), {
        code: 'value-invalid',
        message: /\bM\b/,
      });
    });
  }

  it('that does not parse is refused with line and column', () => {
    assert.throws(() => render('{"a": [1,\n  $M]}', { M: ',' }), {
      code: 'template-invalid',
      message: /config\.json\.template:2:3/,
    });
    assert.throws(() => parseJson('{"a": "x\ty"}', 'c.json'), {
      code: 'template-invalid',
      message: /c\.json:1:9/,
    });
    assert.throws(() => parseJson('{\n"a": 1', 'c.json'), {
      code: 'template-invalid',
      message: /c\.json:2:7/,
    });
    assert.throws(() => parseJson('', 'c.json'), { code: 'template-invalid', message: /c\.json:1:1/ });
  });

  it('is refused when a value brings a key again', () => {
    const value = '1, "pro\\u0063ess": {"args": ["/bin/sh"]}';
    assert.throws(() => render('{"process": {}, "port": $PORT}', { PORT: value }), {
      code: 'template-invalid',
      message: /"process" is there twice/,
    });
  });

  const documents = [
    '{}',
    '[]',
    ' [1, -0.5e+3, "\\u00e9\\n", null, true, {"a": [{}]}] ',
    '"x"',
    '0',
    '"\u007f"',
  ];
  for (const text of documents) {
    it(`reads ${text} as JSON.parse does`, () =>
      assert.deepEqual(parseJson(text, 'c.json'), JSON.parse(text)));
  }

  for (const text of [
    '{a: 1}',
    '[1,]',
    '01',
    '+1',
    '[1] 2',
    "'x'",
    '{"a" 1}',
    '"\\x"',
    '/**/1',
    'NaN',
    '"a\nb"',
    '['.repeat(200),
  ]) {
    it(`refuses ${text.slice(0, 20)}`, () => {
      assert.throws(() => parseJson(text, 'c.json'), { code: 'template-invalid' });
      assert.throws(() => JSON.parse(text));
    });
  }
});

it('JSON of so many values that they fill the memory is refused', () => {
  assert.throws(() => parseJson(`[${'[],'.repeat(1e6)}[]]`, 'c.json'), { code: 'limit-exceeded' });
  assert.deepEqual(parseJson(JSON.stringify(['a'.repeat(3 << 20)]), 'c.json'), ['a'.repeat(3 << 20)]);
});
