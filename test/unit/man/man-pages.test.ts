import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { execa } from 'execa';
import schema from '../../../schemas/host.schema.json' with { type: 'json' };
import scanner from '../../../schemas/scanner.schema.json' with { type: 'json' };
import { defineAll } from '../../../src/cli/define-all.ts';
import { examplesOf, pageName } from '../../../src/man/command-page.ts';
import { manPages, withAll } from '../../../src/man/man-pages.ts';
import { escapeRoff } from '../../../src/man/roff.ts';

describe('the manual', async () => {
  const pages = await manPages(new Date('2026-01-02'));
  const hasGroff = (await execa('groff', ['--version'], { reject: false })).failed === false;

  it('has in the page of every command its options, arguments and examples', async () => {
    for (const command of withAll(await defineAll())) {
      const page = pages.get(`${pageName(command)}.1`) ?? '';
      const { options, registeredArguments } = command;
      const shown = options.filter(({ hidden }) => !hidden);
      const names = shown.flatMap(({ short, long }) => [short ?? [], long ?? []].flat());
      const terms = [
        // As in "-f, --file": a comma may follow.
        ...names.map((name) => `\\fB${escapeRoff(name)}`),
        ...registeredArguments.map((argument) => `\\fI${escapeRoff(argument.name())}\\fR`),
      ];
      const missing = terms.filter((term) => !page.includes(term));
      assert.deepEqual(missing, [], command.name());
      assert.ok(page.includes(escapeRoff(examplesOf(command))), command.name());
    }
  });

  it('has what a command ends with, and others do not', () => {
    const having = (status: string) =>
      [...pages].flatMap(([name, page]) => (page.includes(`\n\\fB${status}\\fR\n`) ? name : [])).sort();
    for (const status of ['126', '127'])
      assert.deepEqual(having(status), ['berth-exec.1', 'berth-run.1', 'berth-shell.1']);
    assert.deepEqual(having('5'), ['berth-scan.1']);
    assert.ok(having('130').includes('berth-install.1'));
  });

  it('has every key of host.yaml', () => {
    const page = pages.get('host.yaml.5') ?? '';
    const { service, instance, sockets, mount, resources } = schema.definitions;
    for (const { properties } of [schema, service, instance, sockets, mount, resources]) {
      for (const key of Object.keys(properties)) assert.ok(page.includes(`\\fB${escapeRoff(key)}\\fR`), key);
    }
  });

  it('has every key of a scanner, and the example', () => {
    const page = pages.get('berth-scanner.5') ?? '';
    for (const { properties } of [scanner, scanner.properties.exit]) {
      for (const key of Object.keys(properties)) assert.ok(page.includes(`\\fB${escapeRoff(key)}\\fR`), key);
    }
    assert.ok(page.includes(escapeRoff('exec debsums --root="$0" --silent\n')));
    assert.ok(pages.get('berth-scan.1')?.includes('.BR berth\\-scanner (5)'));
  });

  it('is roff without a warning, and reads as it was meant', { skip: !hasGroff }, async () => {
    for (const [name, page] of pages) {
      const { stdout, stderr } = await execa('groff', ['-man', '-Tascii', '-ww', '-b', '-P-cbou'], {
        input: page,
      });
      assert.equal(stderr, '', name);
      assert.match(page, /^\.TH \S+ [15] 2026-01-02 "berth /);
      if (name === 'berth-install.1') assert.match(stdout, /--set PORT=8080 registry\.example\.com/);
    }
  });
});

describe('escapeRoff', () => {
  it('leaves nothing that roff would take for a request or an escape', () => {
    assert.equal(escapeRoff(".so /etc/passwd\n'br \\n(.g"), '\\&.so /etc/passwd\n\\(aqbr \\(rsn(.g');
  });
  it('writes what is not ASCII by its number', () => {
    assert.equal(escapeRoff('image’s → 😀'), 'image\\[u2019]s \\[u2192] \\[u1F600]');
  });
});
