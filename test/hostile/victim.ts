import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { Context } from '../../src/cli/context.ts';
import { installTargets } from '../../src/cli/install-targets.ts';
import { Output } from '../../src/cli/output.ts';
import { prepareInstall } from '../../src/deployment/plan/install.ts';
import { BerthError, messageOf } from '../../src/errors.ts';
import { readLimits } from '../../src/image/limits.ts';
import { keepHeapSmall } from '../../src/linux/heap.ts';
import { attacks } from './attacks.ts';
import type { Ending, Order } from './orders.ts';

// The program of a process that does what `berth install` does until the host would be changed, and
// says how it ended. A process of its own, so that its memory can be measured and a hang ended.

const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
const streams = { stdin: process.stdin, stdout: silent, stderr: silent, env: {} };

keepHeapSmall();
process.on('message', async ({ attack, reference, milliseconds }: Order) => {
  forgetPeak();
  const outcome = await attempt(attack, reference, AbortSignal.timeout(milliseconds));
  process.send?.({ ...outcome, peakBytes: peakBytes() } satisfies Ending);
});

async function attempt(
  number: number,
  image: string,
  signal: AbortSignal,
): Promise<Omit<Ending, 'peakBytes'>> {
  const { limits, holds } = attacks[number] ?? {};
  const context = new Context(new Output(streams), streams, signal);
  context.enter({});
  try {
    await context.writing('install', async ({ store }) => {
      const [target] = await installTargets(
        [image],
        {
          ...{ name: 'victim', instance: [], set: [], socket: [], requires: [], after: [], before: [] },
          enable: false,
        },
        context,
      );
      if (target === undefined) throw new TypeError('no target');
      const request = {
        targets: [target],
        runtime: undefined,
        rootfs: undefined,
        now: false,
        force: false,
      };
      const { staged } = await prepareInstall(request, {
        paths: context.paths,
        store,
        systemd: context.systemd(),
        platform: { os: 'linux', architecture: 'amd64' },
        limits: readLimits(limits),
        readinessLimit: undefined,
        signal,
        onProgress: () => {},
        warn: () => {},
      });
      for (const { directory } of staged) holds?.(join(directory, 'rootfs'));
    });
    return { outcome: 'harmless', message: '' };
  } catch (error) {
    const outcome = error instanceof BerthError ? error.code : 'crash';
    return { outcome, message: outcome === 'crash' ? String((error as Error).stack) : messageOf(error) };
  } finally {
    await context.close();
  }
}

function forgetPeak(): void {
  // proc(5): resets VmHWM to what is in memory now.
  writeFileSync('/proc/self/clear_refs', '5');
}

function peakBytes(): number {
  return Number(/^VmHWM:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'latin1'))?.[1]) * 1024;
}
