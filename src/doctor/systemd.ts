import { existsSync } from 'node:fs';
import { type Check, ok, problem } from './check.ts';

/** PID 1, and whether it answers. */
export const systemdCheck: Check = {
  name: 'systemd',
  live: true,
  async find({ systemd }) {
    if (!existsSync('/run/systemd/system')) {
      return [
        problem(
          'systemd is not PID 1: services can be installed below another root only',
          'to prepare another system: berth --root DIR COMMAND',
        ),
      ];
    }
    return [ok(`systemd ${await systemd.version()} is PID 1 and answers on the system bus`)];
  },
};
