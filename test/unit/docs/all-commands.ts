import { PassThrough } from 'node:stream';
import { commandsFor } from '../../../src/cli/commands.ts';
import { Context } from '../../../src/cli/context.ts';
import { defineProgram } from '../../../src/cli/define-program.ts';
import { Output } from '../../../src/cli/output.ts';

/** The real command line with all commands; what it prints goes nowhere. */
export async function defineAll() {
  const streams = {
    stdin: new PassThrough(),
    stdout: new PassThrough().resume(),
    stderr: new PassThrough().resume(),
    env: {},
  };
  const context = new Context(new Output(streams), streams, new AbortController().signal);
  return defineProgram(await commandsFor([]), context, streams);
}
