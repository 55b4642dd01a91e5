import { PassThrough } from 'node:stream';
import type { Command } from 'commander';
import { commandsFor } from './commands.ts';
import { Context } from './context.ts';
import { defineProgram } from './define-program.ts';
import { Output } from './output.ts';

/** The command line with all commands, for what is made of it or checked against it; nothing it prints is seen. */
export async function defineAll(): Promise<Command> {
  const streams = {
    stdin: new PassThrough(),
    stdout: new PassThrough().resume(),
    stderr: new PassThrough().resume(),
    env: {},
  };
  const context = new Context(new Output(streams), streams, new AbortController().signal);
  return defineProgram(await commandsFor([]), context, streams);
}
