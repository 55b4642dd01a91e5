import schema from '../../schemas/host.schema.json' with { type: 'json' };
import { VERSION } from '../cli/version.ts';
import { bold, entry, escapeRoff, header, references, section, verbatim } from './roff.ts';

/** What the schema says of a key. */
interface Key {
  $ref?: string;
  title?: string;
  description?: string;
  default?: unknown;
  type?: unknown;
  enum?: readonly (string | null)[];
}

const EXAMPLE = `version: 1
services:
  web:
    image: registry.example.com/httpd:2.4
    values: { PORT: 8080 }`;

const SEE_ALSO = [
  { name: 'berth-apply', section: 1 },
  { name: 'berth-lock', section: 1 },
  { name: 'systemd.resource-control', section: 5 },
  { name: 'systemd.exec', section: 5 },
];

/** The page host.yaml(5), made of its schema. */
export function hostYamlPage(date: Date): string {
  const { service, instance, sockets, mount, resources } = schema.definitions;
  const lines = [
    header('host.yaml', 5, { version: VERSION, date }),
    ...section('NAME', ['host.yaml \\- services that a host should have']),
    ...section('SYNOPSIS', ['/etc/berth/host.yaml']),
    ...section('DESCRIPTION', [escapeRoff(schema.description)]),
    ...section('KEYS', entries(schema.properties)),
    ...section('KEYS OF A SERVICE', entries(service.properties)),
    ...section('KEYS OF AN INSTANCE', entries(instance.properties)),
    ...section('KEYS OF SOCKETS', entries(sockets.properties)),
    ...section('KEYS OF A MOUNT', entries(mount.properties)),
    ...section('KEYS OF RESOURCES', entries(resources.properties)),
    ...section('EXAMPLES', verbatim(EXAMPLE)),
    ...section('SEE ALSO', references(SEE_ALSO)),
  ];
  return `${lines.join('\n')}\n`;
}

function entries(keys: Record<string, Key>): string[] {
  return Object.entries(keys).flatMap(([name, key]) => entry(bold(name), meaning(key)));
}

function meaning({ $ref = '', ...own }: Key): string {
  const definitions: Record<string, Key> = schema.definitions;
  const what = own.description ?? kind({ ...definitions[$ref.replace('#/definitions/', '')], ...own });
  return own.default === undefined ? what : `${what} (default: ${JSON.stringify(own.default)})`;
}

function kind({ title, type, enum: values }: Key): string {
  if (title !== undefined) return title;
  if (values !== undefined) return values.filter((value) => value !== null).join(', ');
  return [type].flat().includes('boolean') ? 'true or false' : 'a text';
}
