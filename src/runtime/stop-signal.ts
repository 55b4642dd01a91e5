import { constants } from 'node:os';
import { BerthError } from '../errors.ts';

/** `name` is what systemd's KillSignal= takes, `number` what kill(2) takes. */
export interface StopSignal {
  name: string;
  number: number;
}

const RTMIN = 34;
const RTMAX = 64;

/**
 * Reads an image's StopSignal (OCI image spec, config.md): `SIGTERM`, `TERM`, `15` or `SIGRTMIN+3`.
 * None means SIGTERM. Throws `image-config-invalid`.
 */
export function parseStopSignal(text = 'SIGTERM'): StopSignal {
  const number = signalNumber(text.toUpperCase().replace(/^SIG/, ''));
  if (number === undefined) {
    throw new BerthError('image-config-invalid', `not a signal: StopSignal: ${JSON.stringify(text)}`);
  }
  return { name: signalName(number), number };
}

function signalNumber(name: string): number | undefined {
  if (/^[0-9]{1,2}$/.test(name)) {
    const number = Number(name);
    return number >= 1 && number <= RTMAX ? number : undefined;
  }
  const realTime = /^RT(?:MIN(?:\+([0-9]{1,2}))?|MAX(?:-([0-9]{1,2}))?)$/.exec(name);
  if (realTime === null) return (constants.signals as Record<string, number>)[`SIG${name}`];
  const number = name.startsWith('RTMIN')
    ? RTMIN + Number(realTime[1] ?? 0)
    : RTMAX - Number(realTime[2] ?? 0);
  return number >= RTMIN && number <= RTMAX ? number : undefined;
}

function signalName(number: number): string {
  if (number >= RTMIN) return number === RTMIN ? 'SIGRTMIN' : `SIGRTMIN+${number - RTMIN}`;
  return Object.entries(constants.signals).find(([, known]) => known === number)?.[0] ?? String(number);
}
