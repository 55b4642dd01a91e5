import type { Command } from 'commander';
import type { Context } from '../context.ts';
import { addImportQuadlet } from './import-quadlet.ts';

/** `berth import`: services of elsewhere. */
export function addImport(program: Command, context: Context): void {
  const command = program
    .command('import')
    .description('take services from elsewhere; import quadlet reads Podman’s files');
  addImportQuadlet(command, context);
}
