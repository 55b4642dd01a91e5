import { mkdirSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { BerthError } from '../../errors.ts';
import { writeDurably } from '../../linux/durable.ts';
import { fileSystemError } from '../../linux/file-system.ts';
import { formatHost } from '../../provision/format-host.ts';
import { importQuadlet, type LineFinding } from '../../provision/quadlet/import-quadlet.ts';
import { readHost } from '../../provision/read-host.ts';
import type { Context } from '../context.ts';
import { describeDeclared } from '../describe-declared.ts';
import { refuseExisting } from '../refuse-existing.ts';

interface Options {
  output?: string;
  write?: boolean;
  force?: boolean;
  json?: boolean;
}

/** `berth import quadlet`: what Podman's files say, as a host.yaml. */
export function addImportQuadlet(command: Command, context: Context): void {
  command
    .command('quadlet')
    .description('print the host.yaml for Podman Quadlet files, and name each key that it cannot honour')
    .argument('<file...>', 'files NAME.container; their drop-ins count, too')
    .option('-o, --output <file>', 'write all of it into this file')
    .option('-w, --write', 'write a file NAME.yaml for each service into /etc/berth/host.d')
    .option('--force', 'replace files that are there')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\nExample:\n  berth import quadlet /etc/containers/systemd/web.container >host.yaml',
    )
    // Options that `berth import` has, too, are read as its own.
    .action((files: string[], _options: Options, quadlet: Command) =>
      importQuadlets(files, quadlet.optsWithGlobals<Options>(), context),
    );
}

async function importQuadlets(files: string[], options: Options, context: Context): Promise<void> {
  if (options.write && options.output !== undefined) {
    throw new BerthError('usage', '--write and --output exclude each other');
  }
  const { output, paths, env } = context;
  const imported = files.map(importQuadlet);
  refuseTwice(imported.map(({ service }) => service.name));
  const targets = options.write
    ? imported.map(({ service }) => ({
        path: paths.hostFile(`host.d/${service.name}.yaml`),
        text: formatHost([service]),
      }))
    : [{ path: options.output, text: formatHost(imported.map(({ service }) => service)) }];
  for (const { path, text } of targets) {
    // What is written is what berth apply takes.
    await readHost({ text: Buffer.from(text), file: path ?? 'host.yaml' }, { paths, env });
    if (path !== undefined && !options.force) refuseExisting(path);
  }
  for (const finding of imported.flatMap(({ findings }) => findings)) output.note(lineOf(finding));
  if (options.json) {
    output.json(imported.map(({ service, findings }) => ({ declared: describeDeclared(service), findings })));
  }
  if (options.write) mkdirSync(paths.hostFile('host.d'), { recursive: true });
  for (const { path, text } of targets) {
    if (path !== undefined) write(path, text, context);
    else if (!options.json) output.data(text.trimEnd());
  }
}

function lineOf({ file, line, section, key, verdict, text }: LineFinding): string {
  return `${file}:${line}: [${section}] ${key}=: ${verdict === 'refused' ? 'not taken' : 'taken otherwise'}: ${text}`;
}

function refuseTwice(names: readonly string[]): void {
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice === undefined) return;
  throw new BerthError('usage', `two of these files are the service ${twice}`, {
    hint: 'write ServiceName= into one of them',
  });
}

function write(path: string, text: string, { output }: Context): void {
  try {
    writeDurably(resolve(path), text, 0o644);
  } catch (error) {
    throw fileSystemError(error, 'cannot write', path);
  }
  output.note(`wrote ${path}`);
}
