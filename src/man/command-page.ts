import type { Argument, Command, Option } from 'commander';
import { VERSION } from '../cli/version.ts';
import { exitStatuses } from './exit-status.ts';
import { bold, entry, escapeRoff, header, references, section, verbatim } from './roff.ts';

const FILES = [
  ['/etc/berth/berth.yaml', 'settings; every key may be left out'],
  ['/etc/berth/host.yaml', 'the services that berth apply makes the host have'],
  ['/var/lib/berth/store', 'the files of images, every one once'],
  ['/var/lib/berth/deployments', 'what services run of'],
] as const;

/** The name of a command's page, such as berth-images-rm. */
export function pageName(command: Command): string {
  return command.parent === null ? command.name() : `${pageName(command.parent)}-${command.name()}`;
}

/** The name of the schema of what a command's `--json` prints, such as images; undefined without that option. */
export function schemaName(command: Command): string | undefined {
  const hasJson = command.options.some(({ long }) => long === '--json');
  return hasJson ? pageName(command).replace(/^berth-/, '') : undefined;
}

/** The page of a command in section 1, made of its definition. */
export function commandPage(command: Command, date: Date): string {
  const { parent } = command;
  const help = command.createHelp();
  const options = help.visibleOptions(command);
  const lines = [
    header(pageName(command), 1, { version: VERSION, date }),
    ...section('NAME', [`${escapeRoff(pageName(command))} \\- ${escapeRoff(command.description())}`]),
    ...section('SYNOPSIS', [`${bold(spelled(command))} ${escapeRoff(command.usage())}`]),
    ...section('DESCRIPTION', [
      escapeRoff(sentence(command.description())),
      ...help
        .visibleArguments(command)
        .flatMap((argument) => describe(argument, help.argumentDescription(argument))),
    ]),
    ...section(
      'COMMANDS',
      command.commands.flatMap((below) => [
        '.TP',
        ...references([page(below)]),
        escapeRoff(below.description()),
      ]),
    ),
    ...section(
      'OPTIONS',
      options.flatMap((option) => entry(flags(option), help.optionDescription(option))),
    ),
    ...jsonLines(command),
    ...(parent === null
      ? []
      : ['.P', 'Options of all commands are in', ...references([page(root(command))])]),
    ...section(
      'EXIT STATUS',
      exitStatuses(pageName(command)).flatMap(([status, meaning]) => entry(bold(status), meaning)),
    ),
    ...section(
      'FILES',
      FILES.flatMap(([file, meaning]) => entry(bold(file), meaning)),
    ),
    ...section('EXAMPLES', exampleLines(command)),
    ...section('SEE ALSO', references(related(command))),
  ];
  return `${lines.join('\n')}\n`;
}

function jsonLines(command: Command): string[] {
  const name = schemaName(command);
  return name === undefined
    ? []
    : [
        '.P',
        escapeRoff(
          `What --json prints is promised by schemas/v1/${name}.schema.json and docs/json.md of berth.`,
        ),
      ];
}

/** What help shows below "Example:". */
export function examplesOf(command: Command): string {
  let help = '';
  command.configureOutput({ writeOut: (text) => (help += text) }).outputHelp();
  return /^Examples?:\n(.*)/ms.exec(help)?.[1]?.replaceAll(/^ {2}/gm, '').trimEnd() ?? '';
}

function exampleLines(command: Command): string[] {
  const examples = examplesOf(command);
  return examples === '' ? [] : verbatim(examples);
}

function describe(argument: Argument, meaning: string): string[] {
  return entry(`\\fI${escapeRoff(argument.name())}\\fR`, meaning);
}

/** Such as "-f, --file <file>": what is typed as it is, is bold. */
function flags({ flags }: Option): string {
  return flags
    .split(' ')
    .map((word) => (word.startsWith('-') ? bold(word) : `\\fI${escapeRoff(word)}\\fR`))
    .join(' ');
}

/** As it is typed, such as "berth images rm". */
function spelled(command: Command): string {
  return [...ancestors(command), command].map((each) => each.name()).join(' ');
}

function ancestors({ parent }: Command): Command[] {
  return parent === null ? [] : [...ancestors(parent), parent];
}

function root(command: Command): Command {
  return ancestors(command)[0] ?? command;
}

function page(command: Command) {
  return { name: pageName(command), section: 1 };
}

/** The commands around it, and what they read. */
function related(command: Command) {
  const around = [...ancestors(command), ...command.commands].map(page);
  const file = pageName(command) === 'berth-scan' ? 'berth-scanner' : 'host.yaml';
  return [...around, { name: file, section: 5 }, { name: 'systemctl', section: 1 }];
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}${text.endsWith('.') ? '' : '.'}`;
}
