import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Host } from '../host/host.ts';

const UNIT = '/etc/systemd/system/svc.service';
let host: Host;

before(async () => {
  host = await Host.boot({ registry: true, storeMiB: 256, diskMiB: 256 });
  const { exitCode, combined } = await host.berth('install', '--name', 'svc', 'sleeper');
  assert.equal(exitCode, 0, combined);
  // What comes up at the second try must not pass for what came up at the first, nor a runtime that was killed for
  // one that did its work: the image's stop signal is SIGKILL.
  await host.sh(`mkdir -p ${UNIT}.d
    printf '[Service]\\nRestart=no\\nSuccessExitStatus=\\n' >${UNIT}.d/90-test.conf`);
});
after(async () => {
  await host[Symbol.asyncDispose]();
});

const MAIN_PID = '$(systemctl show --value --property MainPID svc)';

/** How a running service ends, by a script; what its container leaves is there when that has run. */
const ENDS: { what: string; script: string; leaves: boolean }[] = [
  { what: 'a stop', script: 'systemctl stop svc', leaves: false },
  { what: 'the death of its process', script: `kill -KILL ${MAIN_PID}`, leaves: false },
  { what: 'systemctl kill', script: 'systemctl kill --signal KILL svc', leaves: false },
  {
    what: 'a stop that takes too long',
    script: withDropIn(
      ['TimeoutStopSec=1', 'SendSIGCONT=no', 'KillSignal=SIGWINCH'],
      `kill -STOP ${MAIN_PID}; systemctl stop svc`,
    ),
    leaves: false,
  },
  {
    what: 'a stop while PID 1 executes itself anew',
    script: 'systemctl stop --no-block svc; systemctl daemon-reexec',
    leaves: false,
  },
  {
    what: 'a runtime that was killed at its start',
    script: `systemctl stop svc; systemctl start --no-block svc
      until [ -e /run/runc/svc ]; do sleep 0.001; done
      systemctl kill --signal KILL svc`,
    leaves: false,
  },
  {
    what: 'a stop whose delete did not do its work',
    script: withDropIn(['ExecStopPost=', 'ExecStopPost=-/bin/false'], 'systemctl stop svc'),
    leaves: true,
  },
  {
    what: 'the death of its process while its unit’s file was gone',
    // systemd would read the file again if that came back before systemd has seen the end.
    script: `pid=${MAIN_PID}; mv ${UNIT} /root; systemctl daemon-reload; kill -KILL $pid
      while [ -e /proc/$pid ]; do sleep 0.01; done
      mv /root/svc.service ${UNIT}`,
    leaves: true,
  },
];

/** A script to run while the unit has these directives, too. */
function withDropIn(directives: string[], script: string): string {
  const directory = '/run/systemd/system/svc.service.d';
  return `mkdir -p ${directory}; printf '%s\\n' '[Service]' ${directives.join(' ')} >${directory}/test.conf
    systemctl daemon-reload; ${script}; rm -r ${directory}`;
}

for (const { what, script, leaves } of ENDS) {
  test(`a service starts at the first try after ${what}`, async () => {
    await host.sh('systemctl daemon-reload; systemctl reset-failed; systemctl start svc');
    await host.sh(`${script}
      until systemctl show --value --property ActiveState svc | grep --extended-regexp '^(inactive|failed)$'; do
        sleep 0.1
      done`);
    assert.equal(await host.sh('ls /run/runc 2>/dev/null || true'), leaves ? 'svc' : '');
    await host.sh('systemctl daemon-reload; systemctl start svc');
    assert.equal(await host.sh('runc list --quiet; systemctl is-active svc'), 'svc\nactive');
  });
}

test('a service starts at the boot after a power cut', async () => {
  await host.sh('systemctl daemon-reload; systemctl start svc; sync');
  await host.cutPower();
  assert.equal(await host.sh('systemctl is-active svc'), 'active');
  assert.equal(await host.sh('systemctl show --value --property NRestarts svc'), '0');
});
