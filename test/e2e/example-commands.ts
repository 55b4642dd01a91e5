import type { Command } from 'commander';
import { defineAll } from '../../src/cli/define-all.ts';
import { withAll } from '../../src/man/man-pages.ts';
import { plainBlocks, readPage } from '../unit/docs/pages.ts';

const PAGES = ['README.md', 'docs/everyday.md'];

/** All commands of berth that help and pages for every day show as examples, each once, in the order of the texts. */
export async function exampleCommands(): Promise<string[]> {
  const help = withAll(await defineAll()).map((command) => examplesOf(helpOf(command)));
  const texts = [...PAGES.flatMap((page) => plainBlocks(readPage(page))), ...help];
  const lines = texts.flatMap((text) => text.split('\n')).map((line) => line.replace(/\s+# .*$/, '').trim());
  return [...new Set(lines.filter((line) => /^(?:\w+=\S+ |[^#/]*\| )?berth /.test(line)))];
}

function helpOf(command: Command): string {
  let text = '';
  command.configureOutput({ writeOut: (part) => (text += part) }).outputHelp();
  return text;
}

function examplesOf(help: string): string {
  return /^Examples?:\n(.*)/ms.exec(help)?.[1] ?? '';
}
