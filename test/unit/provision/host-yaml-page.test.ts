import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import schema from '../../../schemas/host.schema.json' with { type: 'json' };
import { ScratchHost } from './scratch-host.ts';

const PAGE = readFileSync(new URL('../../../docs/host-yaml.md', import.meta.url), 'utf8');

/** The examples, by their names below /etc/berth. */
function examples(): Record<string, string> {
  const blocks = PAGE.matchAll(/^```yaml\n# \/etc\/berth\/(\S+)\n(.*?)^```$/gms);
  return Object.fromEntries([...blocks].map(([, name = '', text = '']) => [name, text]));
}

test('docs/host-yaml.md names every key of the schema', () => {
  const { service, instance, sockets, mount, resources } = schema.definitions;
  const keys = [schema, service, instance, sockets, mount, resources].flatMap(({ properties }) =>
    Object.keys(properties),
  );
  assert.deepEqual(
    keys.filter((key) => !PAGE.includes(`\`${key}\``)),
    [],
  );
});

test('the examples of docs/host-yaml.md are taken, and come to what the page says', async () => {
  using host = new ScratchHost(examples());
  const { services, files } = await host.read('host', { SITE: 'www.example.com' });
  assert.equal(files.length, 3);
  const of = (name: string) => services.find((service) => service.name === name);
  assert.deepEqual(
    services.map(({ name }) => name),
    ['app@a', 'app@b', 'etcd', 'web'],
  );
  const { values, enabled, mounts, resources, sockets } = of('web') ?? {};
  assert.deepEqual([values, enabled, mounts], [{ PORT: '8090', SERVER_NAME: 'www.example.com' }, false, []]);
  assert.deepEqual(resources, { MemoryMax: '1G' });
  assert.deepEqual(sockets?.listen[0]?.address, { kind: 'ip', host: null, port: 8080 });
  assert.deepEqual(of('app@b')?.values, { PORT: '8092', LEVEL: 'debug' });
});

test('the mistakes of docs/host-yaml.md are told as it says', async () => {
  const told = /^```\n(Error: .*?)\n```$/ms.exec(PAGE)?.[1];
  using host = new ScratchHost({
    'host.yaml': 'version: 1\nservices:\n  web:\n    image: x\n    imgae: y\n    enabled: yes\n',
  });
  await assert.rejects(host.read(), ({ message }: Error) => {
    assert.equal(`Error: ${message.replaceAll(host.directory, '/etc/berth')}`, told);
    return true;
  });
});
