import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, closeSync, mkdirSync, openSync, readFileSync, readSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { findProgram } from '../linux/find-program.ts';
import { transientCommand } from '../systemd/transient-service.ts';
import { GIVE_UP, LARGEST_REPORT, makeSandbox, OUTPUT, SCANNED } from './sandbox.ts';
import { hasOutput, putPlaces, type Scanner } from './scanner.ts';
import { failed, judge, type ServiceEnd, type Verdict } from './verdict.ts';

const PROGRAMS = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin'];

export interface ScanRequest {
  /** What is to be scanned; nobody changes it meanwhile. */
  tree: string;
  /** The unit to run in; who ends this early has to stop it. */
  unit: string;
  /** Where there is nothing, for what the scan needs. */
  place: string;
  signal: AbortSignal;
}

/** What a scanner found. */
export interface ScanResult extends Verdict {
  /** What it wrote, of a hostile tree; at most `LARGEST_REPORT`. */
  report: string;
  /** True where there was more of it. */
  truncated: boolean;
  seconds: number;
}

/** Runs a scanner to its end. Throws `systemd-unreachable`. */
export async function runScanner(scanner: Scanner, request: ScanRequest): Promise<ScanResult> {
  const { tree, unit, place, signal } = request;
  const began = Date.now();
  const [name = '', ...args] = putPlaces(scanner, { rootfs: SCANNED, output: OUTPUT });
  const program = findProgram(basename(name), name.startsWith('/') ? [dirname(name)] : PROGRAMS);
  if (program === undefined) {
    const install = scanner.hint === null ? '' : `: install it: ${scanner.hint}`;
    const message = `no such program: ${name}${install}`;
    return { ...failed(message), report: '', truncated: false, seconds: 0 };
  }
  mkdirSync(place, { mode: 0o700 });
  const files = { root: join(place, 'root'), report: join(place, 'report'), end: join(place, 'end') };
  for (const file of [files.report, files.end]) writeFileSync(file, '', { mode: 0o600 });
  // Only the scanner sees it: nobody else comes into the place.
  chmodSync(files.report, 0o666);
  const command = await transientCommand({
    unit,
    description: `berth scan by ${scanner.name}`,
    command: [...GIVE_UP, program, ...args],
    properties: makeSandbox({ tree, ...files }, scanner),
    terminal: false,
  });
  const { printed, status } = await runToEnd(command, signal);
  const end = readEnd(files.end);
  const verdict =
    end === undefined ? failed(`systemd did not start it: status ${status}`) : judge(end, scanner);
  const inFile = hasOutput(scanner) && verdict.outcome !== 'failed';
  const bytes = inFile ? readBeginning(files.report) : printed;
  return {
    ...verdict,
    report: bytes.subarray(0, LARGEST_REPORT).toString('utf8'),
    truncated: bytes.length > LARGEST_REPORT,
    seconds: (Date.now() - began) / 1000,
  };
}

/** Runs a command that may print any amount on both streams, of which only the beginning is kept. */
async function runToEnd([program = '', ...args]: readonly string[], signal: AbortSignal) {
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'], cwd: '/' });
  const chunks: Buffer[] = [];
  let length = 0;
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      if (length <= LARGEST_REPORT) chunks.push(chunk);
      length += chunk.length;
    });
  }
  const end = () => child.kill();
  signal.addEventListener('abort', end);
  if (signal.aborted) end();
  try {
    const [status] = (await once(child, 'close')) as [number | null];
    return { printed: Buffer.concat(chunks), status };
  } finally {
    signal.removeEventListener('abort', end);
  }
}

function readBeginning(file: string): Buffer {
  const descriptor = openSync(file, 'r');
  try {
    const bytes = Buffer.alloc(LARGEST_REPORT + 1);
    return bytes.subarray(0, readSync(descriptor, bytes));
  } finally {
    closeSync(descriptor);
  }
}

function readEnd(file: string): ServiceEnd | undefined {
  const [result, code, status] = readFileSync(file, 'utf8').trim().split(' ');
  return result && code && status ? { result, code, status } : undefined;
}
