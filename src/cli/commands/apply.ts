import { buffer } from 'node:stream/consumers';
import type { Command } from 'commander';
import { freeUnneeded } from '../../deployment/free-unneeded.ts';
import { fingerprintOf, writeApplied } from '../../provision/apply/applied.ts';
import {
  type AppliedHost,
  type ApplyRequest,
  applyHost,
  findSurplus,
} from '../../provision/apply/apply-host.ts';
import { isChange, type Outcome } from '../../provision/apply/outcome.ts';
import { previewHost } from '../../provision/apply/preview-host.ts';
import { type DeclaredHost, type HostSource, readHost } from '../../provision/read-host.ts';
import { loadSettings } from '../../settings.ts';
import type { Store } from '../../store/store.ts';
import type { Bundle } from '../../transport/bundle/open-bundle.ts';
import { outcomeLine, previewLines } from '../apply-report.ts';
import { changeHost } from '../change-host.ts';
import type { Context } from '../context.ts';
import { openDeclared } from '../open-declared.ts';
import { openFrom } from '../open-from.ts';
import { withScratchStore } from '../scratch-store.ts';
import { readSoak, SOAK } from '../soak.ts';

interface ApplyCommandOptions {
  file?: string;
  from?: string;
  prune?: boolean;
  authfile?: string;
  soak: string;
  dryRun?: boolean;
  json?: boolean;
}

/** `berth apply`: makes the host have the services that host.yaml declares. */
export function addApply(program: Command, context: Context): void {
  program
    .command('apply')
    .description('make the host have the services that host.yaml declares')
    .option('-f, --file <file>', 'read this file, all *.yaml of a directory, or - for standard input')
    .option('--prune', 'remove services that an earlier apply installed and that are not declared any more')
    .option('--from <path>', 'take the images from a bundle, or from the bundles of a directory')
    .option('--authfile <file>', 'credentials for registries')
    .option('--soak <time>', 'watch restarted services for this time', SOAK)
    .option('--dry-run', 'print what would change, change nothing')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExamples:\n  berth apply --dry-run\n  berth apply -f services.yaml --prune')
    .action((options: ApplyCommandOptions) => applyDeclared(options, context));
}

async function applyDeclared(options: ApplyCommandOptions, context: Context): Promise<void> {
  const { env, paths } = context;
  const host = await readHost(await sourceOf(options.file), { env, paths });
  const bundle = await openFrom(options.from, context);
  try {
    await (options.dryRun ? preview : change)(host, bundle, options, context);
  } finally {
    await bundle?.close();
  }
}

async function sourceOf(file: string | undefined): Promise<HostSource> {
  if (file === undefined) return 'host';
  return file === '-' ? { text: await buffer(process.stdin) } : { path: file };
}

async function preview(
  host: DeclaredHost,
  bundle: Bundle | undefined,
  options: ApplyCommandOptions,
  context: Context,
): Promise<void> {
  await withScratchStore(context.store(), async (store) => {
    const change = { ...changeHost(context, store, { skipRefused: true }), onRefused: () => undefined };
    const found = await previewHost(requestFor(host, bundle, options, store, context), change);
    noteSurplus(host, options, context);
    if (options.json) printJson(found.outcomes, options, context);
    else context.output.data([...previewLines(found, context.paths), countLine(found.outcomes)].join('\n'));
  });
}

async function change(
  host: DeclaredHost,
  bundle: Bundle | undefined,
  options: ApplyCommandOptions,
  context: Context,
): Promise<void> {
  const { paths } = context;
  const applied = await context.writing('apply', async (session) => {
    const request = requestFor(host, bundle, options, session.store, context);
    try {
      const done = await applyHost(
        request,
        changeHost(context, session.store, { skipRefused: true }),
        session,
      );
      writeApplied(paths, host.services, isWhole(done) ? fingerprint(host, bundle) : null);
      return done;
    } finally {
      freeUnneeded(session);
    }
  });
  noteSurplus(host, options, context);
  report(applied, options, context);
}

function fingerprint({ services }: DeclaredHost, bundle: Bundle | undefined): string {
  return fingerprintOf(services, bundle?.images.map(({ name, top }) => [name, top.digest]) ?? null);
}

function isWhole({ outcomes, errors }: AppliedHost): boolean {
  return errors.length === 0 && outcomes.every(({ action }) => action !== 'skip');
}

function requestFor(
  { services }: DeclaredHost,
  bundle: Bundle | undefined,
  { authfile, prune = false, soak }: ApplyCommandOptions,
  store: Store,
  context: Context,
): ApplyRequest {
  const { runtime, keep } = loadSettings(context.paths);
  const open = openDeclared({ bundle, authfile, store }, context);
  return { services, open, prune, runtime, keep, soak: readSoak(soak) };
}

function noteSurplus(
  { services }: DeclaredHost,
  { prune }: ApplyCommandOptions,
  { paths, output }: Context,
): void {
  const surplus = prune ? [] : findSurplus(services, paths);
  if (surplus.length === 0) return;
  output.note(`not declared any more: ${surplus.join(', ')}`);
  output.note('Hint: berth apply --prune');
}

function report(applied: AppliedHost, options: ApplyCommandOptions, context: Context): void {
  const { output } = context;
  const { outcomes, errors } = applied;
  for (const outcome of outcomes) output.note(outcomeLine(outcome, { dryRun: false }));
  for (const { message, hint } of errors) output.error(message, hint);
  const skipped = outcomes.filter(({ action }) => action === 'skip').map(({ name }) => name);
  if (skipped.length > 0) {
    output.error(
      `not as declared: ${skipped.join(', ')}: the image failed before`,
      `once there is another image, or to try it again: berth update ${skipped.join(' ')}`,
    );
  }
  if (!isWhole(applied)) context.endWith(errors[0]?.code ?? 'unit-failed');
  if (options.json) printJson(outcomes, options, context);
  else if (isWhole(applied)) output.data(countLine(outcomes));
}

function countLine(outcomes: readonly Outcome[]): string {
  return `changed: ${outcomes.filter(isChange).length}`;
}

function printJson(
  outcomes: readonly Outcome[],
  { dryRun = false }: ApplyCommandOptions,
  { output }: Context,
): void {
  output.json({ changed: outcomes.filter(isChange).length, dryRun, services: outcomes });
}
