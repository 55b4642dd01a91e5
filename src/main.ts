#!/usr/bin/env node
// Nothing but Node's oldest parts may be imported here: an older Node must come as far as to say what is wrong.
import { VERSION } from './cli/version.ts';

// As https://no-color.org has it; where both are set, Node takes the other, and prints a warning.
if (process.env['NO_COLOR']) delete process.env['FORCE_COLOR'];

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);

if (major < 22 || (major === 22 && minor < 15)) {
  process.stderr.write(`Error: cannot run: berth needs Node 22.15 or newer: this is ${process.version}\n`);
  process.exitCode = 1;
} else if (process.argv.length === 3 && process.argv[2] === '--version') {
  // Scripts ask for it often, and it needs nothing of the rest.
  process.stdout.write(`${VERSION}\n`);
} else {
  await main();
}

async function main(): Promise<void> {
  const abort = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      // The first asks for a clean end. Who asks again wants out: the next command repairs what is left.
      if (abort.signal.aborted) process.exit(130);
      abort.abort();
    });
  }
  surviveReaders();
  const { run } = await import('./cli/program.ts');
  const status = await run(
    process.argv.slice(2),
    { stdin: process.stdin, stdout: process.stdout, stderr: process.stderr, env: process.env },
    abort.signal,
  );
  process.exitCode ||= status;
  const { leaveProcess } = await import('./linux/libc.ts');
  // When all that was written is gone, and only then: not after an error that nobody foresaw.
  process.once('beforeExit', leaveProcess);
  // What was abandoned, such as a request to a silent registry, may go on: nobody waits for it.
  if (abort.signal.aborted) process.exit();
}

/** Whoever reads the output may stop reading it, as `head` does: no reason to end in the middle of a change. */
function surviveReaders(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') return;
    // Data that did not arrive is a failure, also where the command itself went well.
    process.exitCode = 1;
    process.stderr.write(`Error: cannot write to stdout: ${error.message}\n`);
  });
  // There is no place left to say that nothing can be said.
  process.stderr.on('error', () => {});
}
