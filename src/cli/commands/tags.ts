import type { Command } from 'commander';
import { readLimits } from '../../image/limits.ts';
import { parseReference } from '../../reference/reference.ts';
import { loadSettings } from '../../settings.ts';
import { listRepositoryTags } from '../../transport/list-tags.ts';
import type { Context } from '../context.ts';

interface Options {
  authfile?: string;
  json?: boolean;
}

/** `berth tags`: what tags a repository has. */
export function addTags(program: Command, context: Context): void {
  program
    .command('tags')
    .description('list the tags of a repository in a registry')
    .argument('<repository>', 'such as registry.example.com/httpd')
    .option('--authfile <file>', 'credentials for registries')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExample:\n  berth tags registry.example.com/httpd')
    .action(async (repository: string, { authfile, json }: Options) => {
      const { paths, env, signal } = context;
      const { registries, limits } = loadSettings(context.paths);
      const list = await listRepositoryTags(parseReference(repository), {
        paths,
        env,
        registries,
        limits: readLimits(limits),
        authFile: context.authFile(authfile),
        signal,
      });
      if (json) context.output.json(list);
      else if (list.tags.length > 0) context.output.data(list.tags.join('\n'));
    });
}
