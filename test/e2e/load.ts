/**
 * Run inside the throwaway host: opens connections to a server one after the other in a few lanes, sends a
 * request on each and reads the answer to its end. Arguments: where to connect to (PORT or /PATH), how many
 * connections at least, the request, what the answer must have in it, and a file: it goes on until that is
 * there. Prints what became of the connections as JSON. Ends by itself after four minutes.
 */
import { existsSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

export interface LoadReport {
  made: number;
  answered: number;
  /** Nobody listened. */
  refused: number;
  /** Closed without the whole answer, or not answered in time. */
  lost: number;
  /** Milliseconds that the slowest answer took. */
  slowest: number;
}

const LANES = 16;
const PATIENCE = 60_000;
const LONGEST = 240_000;

const [where = '', count = '', request = '', expected = '', until = ''] = process.argv.slice(2);
const began = Date.now();
const report: LoadReport = { made: 0, answered: 0, refused: 0, lost: 0, slowest: 0 };

await Promise.all(Array.from({ length: LANES }, lane));
process.stdout.write(`${JSON.stringify(report)}\n`);

async function lane(): Promise<void> {
  while (goesOn()) {
    report.made += 1;
    const start = Date.now();
    report[await converse()] += 1;
    report.slowest = Math.max(report.slowest, Date.now() - start);
    // As fast as it can would be over before the first restart.
    await delay(20);
  }
}

function goesOn(): boolean {
  return Date.now() - began < LONGEST && (report.made < Number(count) || !existsSync(until));
}

async function converse(): Promise<'answered' | 'refused' | 'lost'> {
  const socket = where.startsWith('/') ? connect(where) : connect(Number(where), '127.0.0.1');
  socket.setTimeout(PATIENCE, () => socket.destroy(new Error('no answer in time')));
  try {
    return (await answerOf(socket)).includes(expected) ? 'answered' : 'lost';
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'ECONNREFUSED' ? 'refused' : 'lost';
  } finally {
    socket.destroy();
  }
}

async function answerOf(socket: Socket): Promise<string> {
  socket.write(request);
  let answer = '';
  for await (const chunk of socket) answer += chunk;
  return answer;
}
