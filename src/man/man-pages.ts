import type { Command } from 'commander';
import { defineAll } from '../cli/define-all.ts';
import { commandPage, pageName } from './command-page.ts';
import { hostYamlPage } from './host-yaml-page.ts';
import { scannerPage } from './scanner-page.ts';

/** The manual by the names of its files: a page for every command and every kind of file that has a schema, as of this day. */
export async function manPages(date: Date): Promise<Map<string, string>> {
  const pages = withAll(await defineAll()).map(
    (command) => [`${pageName(command)}.1`, commandPage(command, date)] as const,
  );
  return new Map([...pages, ['host.yaml.5', hostYamlPage(date)], ['berth-scanner.5', scannerPage(date)]]);
}

/** A command and all below it, in the order of the help. */
export function withAll(command: Command): Command[] {
  return [command, ...command.commands.flatMap(withAll)];
}
