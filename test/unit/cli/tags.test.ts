import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { scratch } from '../layer/scratch.ts';
import { FakeRegistry, fail, send } from '../transport/fake-registry.ts';
import { type BerthRun, runBerth } from './run-berth.ts';

function tags(context: TestContext, ...args: string[]): Promise<BerthRun> {
  return runBerth(['--root', scratch(context), 'tags', ...args]);
}

/** Answers with lists of tags, each with a Link to the next. */
function serve(registry: FakeRegistry, pages: string[][], next: (page: number) => string): void {
  registry.intercept(/\/tags\/list/, (request, response) => {
    const page = Number(new URL(request.url ?? '', 'http://x').searchParams.get('page') ?? 0);
    const list = pages[page] ?? [];
    if (page < pages.length - 1) response.setHeader('Link', `<${next(page + 1)}>; rel="next"`);
    send(response, Buffer.from(JSON.stringify({ name: 'team/web', tags: list })));
    return true;
  });
}

describe('berth tags', () => {
  it('lists the tags of all pages', async (context) => {
    await using registry = await FakeRegistry.start();
    serve(registry, [['1', '2'], ['3'], ['latest']], (page) => `/v2/team/web/tags/list?page=${page}`);
    const { status, stdout } = await tags(context, `${registry.host}/team/web`);
    assert.deepEqual([status, stdout], [0, '1\n2\n3\nlatest\n']);
    const json = await tags(context, '--json', `${registry.host}/team/web:1`);
    assert.deepEqual(JSON.parse(json.stdout), {
      repository: `${registry.host}/team/web`,
      tags: ['1', '2', '3', 'latest'],
    });
  });
  it('prints nothing for a repository without tags', async (context) => {
    await using registry = await FakeRegistry.start();
    registry.intercept(/\/tags\/list/, (_request, response) => {
      send(response, Buffer.from('{"name":"web","tags":null}'));
      return true;
    });
    assert.deepEqual(await tags(context, `${registry.host}/web`), { status: 0, stdout: '', stderr: '' });
  });
  it('does not follow pages to another host, nor without an end', async (context) => {
    await using registry = await FakeRegistry.start();
    await using other = await FakeRegistry.start();
    serve(registry, [['1'], ['2']], () => `http://${other.host}/v2/team/web/tags/list?page=1`);
    const elsewhere = await tags(context, `${registry.host}/team/web`);
    assert.equal(elsewhere.status, 1);
    assert.match(elsewhere.stderr, /^Error: more tags on another host/);
    assert.equal(other.requests.length, 0);

    await using endless = await FakeRegistry.start();
    serve(endless, [[], []], () => '/v2/web/tags/list?page=0');
    assert.match((await tags(context, `${endless.host}/web`)).stderr, /^Error: too many tags/);
  });
  it('takes nothing for a tag that is none', async (context) => {
    await using registry = await FakeRegistry.start();
    serve(registry, [['1\nlatest']], () => '');
    const { status, stdout, stderr } = await tags(context, `${registry.host}/team/web`);
    assert.deepEqual([status, stdout], [1, '']);
    assert.match(
      stderr,
      /^Error: the list of tags is not valid: tags\[0\]: not a tag: "1\\nlatest"\nHint: grep .*registry-protocol/,
    );
  });
  it('are not found where there is no repository', async (context) => {
    await using registry = await FakeRegistry.start();
    registry.intercept(/\/tags\/list/, (_request, response) => {
      fail(response, 404, 'NAME_UNKNOWN', 'no such repository');
      return true;
    });
    assert.equal((await tags(context, `${registry.host}/web`)).status, 4);
  });
});
