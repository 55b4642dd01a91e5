#!/usr/bin/env node
import { run } from './cli/program.ts';

const abort = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    // The first asks for a clean end. Who asks again wants out: the next command repairs what is left.
    if (abort.signal.aborted) process.exit(130);
    abort.abort();
  });
}
// Whoever reads the output may stop reading it, as `head` does.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
});

process.exitCode = await run(
  process.argv.slice(2),
  { stdout: process.stdout, stderr: process.stderr, env: process.env },
  abort.signal,
);
// What was abandoned, such as a request to a silent registry, may go on: nobody waits for it.
if (abort.signal.aborted) process.exit();
