import { readFileSync } from 'node:fs';
import schema from '../../schemas/scanner.schema.json' with { type: 'json' };
import { VERSION } from '../cli/version.ts';
import { keyEntries } from './key-entries.ts';
import { escapeRoff, header, references, section, verbatim } from './roff.ts';

const PLACES = ['/etc/berth/scanners.d/NAME.yaml', '.br', '/usr/lib/berth/scanners.d/NAME.yaml'];

const PRECEDENCE =
  'The host’s own file goes before one of the same name in /usr/lib; a symlink to /dev/null hides that.';

const CONFINEMENT =
  'A scanner runs as a unit of its own, as a user without a name. It may read all files of the root file system, sees of ' +
  'the host only /usr and what reads names, and writes only its report and to memory.';

const EXAMPLE = new URL('../../examples/scanners/debsums.yaml', import.meta.url);

const SEE_ALSO = [
  { name: 'berth-scan', section: 1 },
  { name: 'systemd.exec', section: 5 },
];

/** The page berth-scanner(5), made of the schema of the files that declare scanners. */
export function scannerPage(date: Date): string {
  const { description, properties, definitions } = schema;
  const lines = [
    header('berth-scanner', 5, { version: VERSION, date }),
    ...section('NAME', ['berth-scanner \\- programs that look for something in root file systems']),
    ...section('SYNOPSIS', PLACES),
    ...section('DESCRIPTION', [escapeRoff(`${description} ${PRECEDENCE}`), '.P', escapeRoff(CONFINEMENT)]),
    ...section('KEYS', keyEntries(properties, definitions)),
    ...section('KEYS OF EXIT', keyEntries(properties.exit.properties, definitions)),
    ...section('EXAMPLES', verbatim(exampleText())),
    ...section('SEE ALSO', references(SEE_ALSO)),
  ];
  return `${lines.join('\n')}\n`;
}

/** What is said to who reads the file itself is left out. */
function exampleText(): string {
  return readFileSync(EXAMPLE, 'utf8')
    .replaceAll(/^ *#.*\n/gm, '')
    .trimEnd();
}
