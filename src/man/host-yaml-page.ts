import schema from '../../schemas/host.schema.json' with { type: 'json' };
import { VERSION } from '../cli/version.ts';
import { keyEntries } from './key-entries.ts';
import { escapeRoff, header, references, section, verbatim } from './roff.ts';

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
  const { definitions } = schema;
  const { service, instance, sockets, mount, resources } = definitions;
  const lines = [
    header('host.yaml', 5, { version: VERSION, date }),
    ...section('NAME', ['host.yaml \\- services that a host should have']),
    ...section('SYNOPSIS', ['/etc/berth/host.yaml']),
    ...section('DESCRIPTION', [escapeRoff(schema.description)]),
    ...section('KEYS', keyEntries(schema.properties, definitions)),
    ...section('KEYS OF A SERVICE', keyEntries(service.properties, definitions)),
    ...section('KEYS OF AN INSTANCE', keyEntries(instance.properties, definitions)),
    ...section('KEYS OF SOCKETS', keyEntries(sockets.properties, definitions)),
    ...section('KEYS OF A MOUNT', keyEntries(mount.properties, definitions)),
    ...section('KEYS OF RESOURCES', keyEntries(resources.properties, definitions)),
    ...section('EXAMPLES', verbatim(EXAMPLE)),
    ...section('SEE ALSO', references(SEE_ALSO)),
  ];
  return `${lines.join('\n')}\n`;
}
