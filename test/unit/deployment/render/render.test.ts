// biome-ignore-all lint/suspicious/noTemplateCurlyInString: that is how variables of this dialect are written
import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { listHostFiles } from '../../../../src/deployment/exports/host-files.ts';
import {
  type RenderedExports,
  renderExports,
  type ServiceCommands,
} from '../../../../src/deployment/render/render.ts';
import { checkEjsUnit, type ServiceKind } from '../../../../src/deployment/render/render-unit.ts';
import { variablesTaken } from '../../../../src/deployment/template/variables.ts';
import { parseUnitFile } from '../../../../src/systemd/unit-file.ts';
import { makeExports } from '../rootfs.ts';

const preset = {
  NAME: 'web',
  DESTDIR: '/var/lib/berth/deployments/web/0',
  RUN_DIRECTORY: '/run',
  STATE_DIRECTORY: '/var/lib',
  CONF_DIRECTORY: '/etc',
  PIDFILE: '/run/container-web.pid',
  HOST_UID: '0',
  HOST_GID: '0',
};

function commandsFor(kind: ServiceKind): ServiceCommands {
  const start = kind.detached ? '/usr/sbin/runc run --detach "web"' : '/usr/sbin/runc run "web"';
  return { start, stop: '/usr/sbin/runc kill "web"', startPre: '', stopPost: '/usr/sbin/runc delete "web"' };
}

function render(
  test: TestContext,
  files: Record<string, string>,
  settings: Record<string, string> = {},
): Promise<RenderedExports> {
  const exports = makeExports(test, files);
  const values = new Map(
    Object.entries({ ...preset, ...Object.fromEntries(exports.manifest.defaultValues), ...settings }),
  );
  return renderExports({ exports, hostFiles: listHostFiles(exports, values), values, commands: commandsFor });
}

const unit = (text: string) => ({ 'service.template': text });

describe('templates of a published image', () => {
  it('like etcd’s are rendered whole', async (test) => {
    const rendered = await render(
      test,
      {
        'service.template':
          '[Unit]\nDescription=Key value store\nAfter=network.target\n\n[Service]\nExecStart=$EXEC_START\nExecStop=$EXEC_STOP\nRestart=on-failure\nWorkingDirectory=$DESTDIR\nRuntimeDirectory=${NAME}\n\n[Install]\nWantedBy=multi-user.target\n',
        'config.json.template':
          '{\n\t"process": {"env": ["ETCD_NAME=$ETCD_NAME", "NAME=$NAME"]},\n\t"mounts": [{"source": "${STATE_DIRECTORY}/etcd/${NAME}.etcd"}\n\t\t$ADDTL_MOUNTS\n\t]\n}\n',
        'tmpfiles.template':
          'd    ${STATE_DIRECTORY}/etcd    0700 ${HOST_UID} ${HOST_GID} - -\nZ    ${STATE_DIRECTORY}/etcd/${NAME}.etcd   0700 ${HOST_UID} ${HOST_GID} - -\nd    ${RUN_DIRECTORY}/${NAME}    -    -    - - -\n',
        'manifest.json': '{"version": "1.0", "defaultValues": {"ETCD_NAME": "", "ADDTL_MOUNTS": ""}}',
      },
      { ETCD_NAME: 'a "b"', ADDTL_MOUNTS: ', {"source": "/x"}' },
    );
    const service = parseUnitFile(rendered.service ?? '', 'service');
    assert.equal(service.get('Service', 'ExecStart'), '/usr/sbin/runc run "web"');
    assert.equal(service.get('Service', 'WorkingDirectory'), preset.DESTDIR);
    assert.deepEqual(rendered.configJson, {
      process: { env: ['ETCD_NAME=a "b"', 'NAME=web'] },
      mounts: [{ source: '/var/lib/etcd/web.etcd' }, { source: '/x' }],
    });
    assert.match(rendered.tmpfiles ?? '', /^Z {4}\/var\/lib\/etcd\/web\.etcd {3}0700 0 0 - -$/m);
    assert.equal(rendered.values.get('EXEC_STOP'), '/usr/sbin/runc kill "web"');
    assert.equal(rendered.socket, undefined);
  });

  it('like flannel’s may extend the unit of another service', async (test) => {
    const rendered = await render(test, {
      'service.template':
        '[Unit]\nAfter=network.target\nAfter=$AFTER\nBefore=docker.service\n[Service]\nType=notify\nNotifyAccess=all\nExecStart=$EXEC_START\nExecStopPost=/bin/rm /etc/systemd/system/docker.service.d/$NAME.conf\n[Install]\nRequiredBy=$REQUIRED_BY\n',
      'tmpfiles.template':
        'D ${RUN_DIRECTORY}/${NAME} - - - - -\nd /etc/systemd/system/docker.service.d - - - - -\nr /etc/systemd/system/docker.service.d/$NAME.conf - - - - -\n',
      'manifest.json': '{"defaultValues": {"AFTER": "etcd.service", "REQUIRED_BY": "docker.service"}}',
    });
    assert.deepEqual(rendered.kind, { type: 'notify', detached: false });
    assert.match(rendered.service ?? '', /^RequiredBy=docker\.service$/m);
  });

  const kinds: [string, ServiceKind][] = [
    ['[Service]\nExecStart=$EXEC_START\n', { type: 'simple', detached: false }],
    [
      '[Service]\nType=forking\nPIDFile=$PIDFILE\nExecStart=$EXEC_START\n',
      { type: 'forking', detached: true },
    ],
    [
      '[Service]\nPIDFile=$PIDFILE\nExecStart=$EXEC_START\nExecStopPost=$EXEC_STOPPOST\n',
      { type: 'simple', detached: true },
    ],
    ['[Service]\nType=${KIND}\nExecStart=$EXEC_START\n', { type: 'forking', detached: true }],
    [
      '[Unit]\nType=forking\n[Service]\nType=oneshot\nExecStart=$EXEC_START\n',
      { type: 'oneshot', detached: false },
    ],
  ];
  for (const [text, kind] of kinds) {
    it(`start ${kind.detached ? 'detached' : 'in the foreground'} for ${JSON.stringify(text)}`, async (test) => {
      const rendered = await render(test, unit(text), { KIND: 'forking' });
      assert.deepEqual(rendered.kind, kind);
      assert.match(rendered.service ?? '', kind.detached ? /run --detach/ : /run "web"/);
    });
  }

  it('cannot grow without bound', async (test) => {
    const files = { 'config.json.template': `{"a": "${'$A'.repeat(1000)}"}` };
    await assert.rejects(render(test, files, { A: 'x'.repeat(60_000) }), {
      code: 'template-invalid',
      message: /4 MiB/,
    });
  });

  it('without a unit ask for no commands', async (test) => {
    const rendered = await render(test, { 'config.json': '{"a": "$NAME"}' });
    assert.equal(rendered.service, undefined);
    assert.equal(rendered.values.get('EXEC_START'), '');
    assert.deepEqual(rendered.configJson, { a: '$NAME' });
  });

  it('name all variables without a value at once, and those that the image takes', async (test) => {
    const files = {
      'service.template': '[Service]\nExecStart=$EXEC_START\nUser=$RUNNER\n',
      'config.json.template': '{"a": "$PORT", "b": "$RUNNER"}',
      'hostfs/etc/web.conf': 'listen $LISTEN\n',
      'manifest.json': JSON.stringify({
        defaultValues: { UNUSED: '1' },
        renameFiles: { '/etc/web.conf': '/etc/$PLACE/web.conf' },
        installedFilesTemplate: ['/etc/web.conf'],
      }),
    };
    const exports = makeExports(test, files);
    const values = new Map(Object.entries({ ...preset, PLACE: 'web' }));
    const hostFiles = listHostFiles(exports, values);
    await assert.rejects(
      renderExports({ exports, hostFiles, values: new Map(Object.entries(preset)), commands: commandsFor }),
      {
        code: 'value-missing',
        message:
          /RUNNER \(service\.template, config\.json\.template\), PORT \(.*\), LISTEN \(.*\), PLACE \(renameFiles\)/,
      },
    );
    assert.deepEqual(variablesTaken(exports, hostFiles), ['LISTEN', 'PLACE', 'PORT', 'RUNNER', 'UNUSED']);
  });

  it('of EJS take the names in its code, not the words of its strings and comments', (test) => {
    const exports = makeExports(test, {
      'service.ejs': `[Service] # don't
<% if (MODE === 'TCP' || MODE === "a \\" UDP" || ['A', 'B'][C]) { /* NOTE */ // AND NOTE %>
ExecStart=/bin/x <%= PORT %> <%= locals['OTHER'] %>
<% } %>`,
    });
    assert.deepEqual(variablesTaken(exports), ['C', 'MODE', 'OTHER', 'PORT']);
  });

  it('fill host files too', async (test) => {
    const rendered = await render(
      test,
      {
        'hostfs/etc/web.conf': 'listen ${PORT}\n',
        'manifest.json': '{"installedFilesTemplate": ["/etc/web.conf"]}',
      },
      { PORT: '80' },
    );
    assert.deepEqual([...rendered.hostFiles], [['/etc/web.conf', 'listen 80\n']]);
  });
});

describe('a value in a unit', () => {
  const text = (line: string) => `[Service]\n${line}\nExecStart=$EXEC_START\nUser=nobody\n`;

  const allowed: [string, string, string][] = [
    ['After=$A', 'x.service y.service', 'After=x.service y.service'],
    ['Description=$A', 'a "b" \\ c; # d', 'Description=a "b" \\ c; # d'],
    ['Description=$A', '', 'Description='],
    ['ExecStartPre=/bin/echo $A', '--a --b', 'ExecStartPre=/bin/echo --a --b'],
    ['ExecStartPre=/bin/echo $A --x', '', 'ExecStartPre=/bin/echo  --x'],
    ['ExecStartPre=/bin/echo "a $A"', 'b c', 'ExecStartPre=/bin/echo "a b c"'],
    ['ExecStartPre=/bin/echo --a=${A}', 'b;c', 'ExecStartPre=/bin/echo --a=b;c'],
    ['ExecStartPre=$A x', '/bin/echo', 'ExecStartPre=/bin/echo x'],
    ['ExecStartPre=/bin/echo $$A $A', 'b', 'ExecStartPre=/bin/echo $A b'],
    ['CPUQuota=$A', '50%', 'CPUQuota=50%'],
  ];
  for (const [line, value, expected] of allowed) {
    it(`may make ${JSON.stringify(expected)} of ${JSON.stringify(line)}`, async (test) => {
      const rendered = await render(test, unit(text(line)), { A: value });
      assert.equal(
        rendered.service,
        `[Service]\n${expected}\nExecStart=/usr/sbin/runc run "web"\nUser=nobody\n`,
      );
    });
  }

  const refused: [string, string, string][] = [
    ['a backslash that swallows the next directive', 'Description=$A', 'x\\'],
    ['a backslash at the end of a comment', '# $A', 'x\\'],
    ['a closing quote', "ExecStartPre=/bin/sh -c 'echo $A'", "'; id; '"],
    ['a double quote', 'ExecStartPre=/bin/echo $A', '"'],
    ['a second command', 'ExecStartPre=/bin/echo $A', 'x ; /bin/sh'],
    ['a space in the middle of a word', 'ExecStartPre=/bin/mkdir ${A}/x', '/etc /srv'],
    ['a space in a word of two variables', 'ExecStartPre=/bin/mkdir $A$NAME', '/etc /srv'],
    ['a space in an assignment', 'Environment=A=$A', '1 LD_PRELOAD=/x'],
    ['a prefix that takes privileges', 'ExecStartPre=$A', '+/bin/sh'],
    ['a prefix behind a prefix', 'ExecStartPre=-$A', '+/bin/sh'],
    ['a prefix behind a variable', 'ExecStartPre=$EMPTY$A', '+/bin/sh'],
  ];
  for (const [what, line, value] of refused) {
    it(`is refused for ${what}`, async (test) => {
      await assert.rejects(render(test, unit(text(line)), { A: value, EMPTY: '' }), {
        code: 'value-invalid',
        message: /\bA\b/,
      });
    });
  }

  const templates: [string, string][] = [
    ['a whole line', '[Service]\n$A\n'],
    ['the name of a directive', '[Service]\nExec${A}=x\n'],
    ['a section', '$A\nUser=x\n'],
  ];
  for (const [what, text] of templates) {
    it(`cannot be ${what}`, async (test) => {
      await assert.rejects(render(test, unit(text), { A: 'StartPre=/bin/sh' }), {
        code: /^(?:template|unit)-invalid$/,
      });
    });
  }

  it('cannot begin a section', async (test) => {
    await assert.rejects(render(test, unit('[$A]\nUser=x\n'), { A: 'Service' }), { code: 'value-invalid' });
  });
});

describe('a unit in EJS', () => {
  it('has the directives of its template’s text, as often as it likes', async (test) => {
    const rendered = await render(
      test,
      {
        'service.ejs':
          '[Unit]\n<% if (locals.AFTER) { -%>\nAfter=<%= AFTER %>\n<% } -%>\n[Service]\nType=forking\nPIDFile=<%= PIDFILE %>\n<% for (const name of ["A", "B"]) { -%>\nEnvironment=<%= name %>=1\n<% } -%>\nExecStart=<%- EXEC_START %>\n',
        'config.json.ejs': '{"process": {"env": ["PORT=<%= PORT %>"]}}',
        'tmpfiles.ejs': 'd <%= STATE_DIRECTORY %>/<%= NAME %> 0755 root root - -\n',
        'sysusers.ejs': 'u <%= NAME %> - "The server"\n',
        'hostfs/etc/web.conf': 'Listen <%= PORT %>\n',
        'manifest.yaml': 'installedFilesTemplate: [/etc/web.conf]\ndefaultValues: {PORT: 80}\n',
      },
      { PORT: '"8080"' },
    );
    assert.equal(
      rendered.service,
      '[Unit]\n[Service]\nType=forking\nPIDFile=/run/container-web.pid\nEnvironment=A=1\nEnvironment=B=1\nExecStart=/usr/sbin/runc run --detach "web"\n',
    );
    assert.deepEqual(rendered.configJson, { process: { env: ['PORT="8080"'] } });
    assert.equal(rendered.tmpfiles, 'd /var/lib/web 0755 root root - -\n');
    assert.equal(rendered.sysusers, 'u web - "The server"\n');
    assert.deepEqual([...rendered.hostFiles], [['/etc/web.conf', 'Listen "8080"\n']]);
  });

  it('may end a value in a backslash where JSON escapes it', async (test) => {
    const rendered = await render(test, { 'config.json.ejs': '{"a": "<%= A %>"}' }, { A: 'C:\\' });
    assert.deepEqual(rendered.configJson, { a: 'C:\\' });
  });

  it('is read in time in proportion to it, whatever it is', { timeout: 60_000 }, async (test) => {
    for (const text of ['<%'.repeat(30_000), `A=${' '.repeat(60_000)}x`, '[Service]\n'.repeat(6000)]) {
      const exports = makeExports(test, { 'service.ejs': text });
      variablesTaken(exports);
      await assert.rejects(async () => checkEjsUnit(exports.service ?? assert.fail(), 'x', new Map()));
    }
  });

  const refused: [string, string, Record<string, string>, string][] = [
    ['a directive out of a tag', '[Service]\n<%- "ExecStartPre=/bin/sh" %>\n', {}, 'template-invalid'],
    [
      'a directive in another section',
      '[Unit]\nUser=a\n[Service]\n<%- "User" %>=b\n',
      {},
      'template-invalid',
    ],
    ['a control character', '[Service]\nUser=<%- "a\\u001b" %>\n', {}, 'template-invalid'],
    ['a line that is no directive', '[Service]\n<%= NAME %>\n', {}, 'unit-invalid'],
    [
      'a value that swallows the next line',
      '[Service]\nUser=<%= A %>\nGroup=x\n',
      { A: 'a\\' },
      'value-invalid',
    ],
    ['JSON that does not parse', '[Service]\nUser=a\n', { CONFIG: '}' }, 'template-invalid'],
  ];
  for (const [what, text, settings, code] of refused) {
    it(`is refused for ${what}`, async (test) => {
      const config = settings['CONFIG'] === undefined ? {} : { 'config.json.ejs': '{"a": 1 <%- CONFIG %>}' };
      await assert.rejects(render(test, { 'service.ejs': text, ...config }, settings), { code });
    });
  }
});

describe('a unit with very many variables', () => {
  it('is checked in time in proportion to them', { timeout: 60_000 }, async (test) => {
    const unit = (variables: string) => ({
      'service.template': `[Service]\nExecStart=/bin/x ${variables}\n`,
      'manifest.json': JSON.stringify({ defaultValues: { A: 'a', LONG: `${'a '.repeat(2 ** 14)}a` } }),
    });
    await render(test, unit('$A'.repeat(30_000)));
    await assert.rejects(render(test, unit('$LONG '.repeat(10_000))), { code: 'template-invalid' });
  });
});

describe('lines for systemd-tmpfiles', () => {
  const tmpfiles = (line: string) => ({ 'tmpfiles.template': `# comment\n\n${line}\n` });

  for (const line of [
    'd /var/lib/x 0755 - - -',
    'd /var/run - - - - -',
    'd /var/log/x - - - -',
    'f+ /run/x/y 0644 root root - a "b" \\n',
    'R! /var/cache/x/*',
    'L+ /opt/x - - - - /usr/share/x',
    'w /proc/sys/net/ipv4/ip_forward - - - - 1',
    'c+ /dev/net/tun 0600 - - - 10:200',
    'd %S/x 02775 - - -',
    'd "/srv/with space" - - - -',
    'w /sys/block/*/queue/scheduler - - - - none',
    'e /var/tmp/x - - - 10d',
  ]) {
    it(`may be ${line}`, async (test) => {
      assert.equal((await render(test, tmpfiles(line))).tmpfiles, `# comment\n\n${line}\n`);
    });
  }

  for (const line of [
    'R /etc',
    'R /',
    'R /var/lib/*',
    'Z /usr 0777',
    'D /var/lib',
    'D /run',
    'z /etc 0777',
    'd /var/log 0755 root root',
    'd /run 0777 - - -',
    'd /var/run/systemd/system - - - -',
    'f %t/dbus/x - - - -',
    'Z %S 0777 - - -',
    'r /etc/pass*',
    'r! /*',
    'f /etc/passwd - - - - x',
    'f+ /etc/sudoers.d/x - - - - x',
    'L+ /etc/ld.so.preload - - - - /x',
    'L+ /etc/systemd/system/x.service - - - - /x',
    'd /etc/cron.d 0777',
    'z /var/lib/berth 0777',
    'f /usr/local/bin/x 4755',
    'Z /opt/x 6755',
    'd relative/path',
    'd /a/../etc',
    'd /a//b',
    'd /a\\x2e\\x2e/etc',
    'b /opt/sda 0666 - - - 8:0',
    'f /et"c/cron.d/x" - - - - x',
    'f "/etc"/cron.d/x - - - - x',
    "f+ /etc/su'do'ers - - - - x",
    'w /proc/sys/kernel/core_pattern - - - - |/opt/x',
    'w /proc/sys/kernel/core_patter? - - - - |/opt/x',
    'w+ /sys/kernel/uevent_helper - - - - /opt/x',
    'f+ /usr/bin/ls - - - - x',
    'L+ /usr/sbin/sshd - - - - /opt/x',
    'L+! /usr/sbin/sshd - - - - /opt/x',
    'R /usr/lib/x86_64-linux-gnu',
    'R /home/alice',
    'ff /x/y',
    'd',
  ]) {
    it(`may not be ${line}`, async (test) => {
      await assert.rejects(render(test, tmpfiles(line)), {
        code: 'template-invalid',
        message: /tmpfiles\.template, line 3/,
      });
    });
  }

  for (const value of ['/srv 0777', '/srv"', '', '/srv\\x20', "'"]) {
    it(`keep the value ${JSON.stringify(value)} out of other fields`, async (test) => {
      await assert.rejects(render(test, tmpfiles('d ${A} 0700 - - -'), { A: value }), {
        code: 'value-invalid',
        message: /\bA\b/,
      });
    });
  }

  it('take any text as their argument', async (test) => {
    const rendered = await render(test, tmpfiles('f /run/x/y - - - - $A'), { A: 'hello "you" there' });
    assert.match(rendered.tmpfiles ?? '', /hello "you" there/);
  });
});

describe('lines for systemd-sysusers', () => {
  for (const line of [
    'u web - "Web server" /var/lib/web',
    'g web 999',
    'm web video',
    'r - 500-900',
    'u web 33:tape',
  ]) {
    it(`may be ${line}`, async (test) => {
      assert.equal((await render(test, { 'sysusers.template': line })).sysusers, line);
    });
  }

  for (const line of [
    'u toor 0',
    'u toor 1000:0',
    'u root -',
    'u x /etc/shadow',
    'm web sudo',
    'x web',
    'u we:b -',
    'g x 00',
    'm web do"cker"',
  ]) {
    it(`may not be ${line}`, async (test) => {
      await assert.rejects(render(test, { 'sysusers.template': line }), { code: 'template-invalid' });
    });
  }
});
