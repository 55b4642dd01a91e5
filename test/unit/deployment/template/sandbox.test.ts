import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { type EjsFile, renderEjs } from '../../../../src/deployment/template/sandbox.ts';
import { runJailed } from '../../../../src/deployment/template/sandbox-jail.ts';

const READY = "process.stdout.write('berth-sandbox\\n');";
const values = new Map([
  ['NAME', 'web'],
  ['PORT', '80'],
  ['QUOTED', '"a" & <b>'],
  ['__proto__', 'proto'],
]);

function render(text: string, purpose: EjsFile['escape'] = 'none'): Promise<string> {
  return renderEjs([{ file: 'service.ejs', text, escape: purpose }], values).then(
    ([rendered]) => rendered ?? '',
  );
}

describe('EJS of an image', () => {
  const rendered: [string, string][] = [
    ['[Unit]\nDescription=<%= NAME %>:<%- PORT -%>\n', '[Unit]\nDescription=web:80'],
    ['<% for (const port of [1, 2]) { -%>\nA=<%= port %>\n<% } -%>\n', 'A=1\nA=2\n'],
    ['<%= QUOTED %>', '"a" & <b>'],
    ['<%= locals.OPTIONAL ?? "none" %>', 'none'],
    ['<%= __proto__ %>', 'proto'],
    ['<%= JSON.stringify({ port: Number(PORT) }) %>', '{"port":80}'],
  ];
  for (const [text, expected] of rendered) {
    it(`makes ${JSON.stringify(expected)} of ${JSON.stringify(text)}`, async () => {
      assert.equal(await render(text), expected);
    });
  }

  it('in config.json.ejs escapes values for JSON strings', async () => {
    assert.deepEqual(JSON.parse(await render('{"a": "<%= QUOTED %>"}', 'json')), { a: '"a" & <b>' });
  });

  it('is rendered in the order of the files, and needs no sandbox for none', async () => {
    const files: EjsFile[] = ['a', 'b'].map((file) => ({ file, text: `${file}<%= PORT %>`, escape: 'none' }));
    assert.deepEqual(await renderEjs(files, values), ['a80', 'b80']);
    assert.deepEqual(await renderEjs([], values), []);
  });

  it('names every variable without a value, of all files', async () => {
    const files: EjsFile[] = [
      { file: 'service.ejs', text: '<%= HOST %><%= TLS_KEY %>', escape: 'none' },
      { file: 'config.json.ejs', text: '<% if (HOST) { %>"<%= NAME %>"<% } %>', escape: 'json' },
    ];
    await assert.rejects(renderEjs(files, values), {
      code: 'value-missing',
      message: /HOST \(service\.ejs, config\.json\.ejs\), TLS_KEY \(service\.ejs\)/,
    });
  });

  const failing: [string, string, RegExp][] = [
    ['an unknown name', 'a\n<%= port %>', /service\.ejs:2: port is not defined/],
    ['an exception', '<% throw new Error("no\\u001b[31m\\nway") %>', /service\.ejs:1: no \[31m way/],
    ['broken JavaScript', '<% if ( %>', /service\.ejs/],
    ['an open tag', 'a <%= NAME', /service\.ejs/],
    ['an include', '<%- include("/etc/passwd") %>', /include\(\) is not available/],
    ['more than 1 MiB', '<%= "x".repeat(2 ** 21) %>', /more than 1 MiB/],
    ['a flood', '<%= "x".repeat(2 ** 24) %>', /writes too much/],
    ['an endless loop', '<% for (;;); %>', /more time or memory/],
    ['endless recursion', '<% (function f() { f() })() %>', /call stack/],
    ['a heap bomb', '<% const a = []; for (;;) a.push({}); %>', /early|more time or memory/],
    [
      'a buffer bomb',
      '<% const a = []; for (;;) a.push(new Uint8Array(1e7).fill(1)); %>',
      /allocation failed|early/,
    ],
    ['process', '<% process.exit(0) %>', /process is not defined/],
    ['require', '<% require("fs") %>', /require is not defined/],
    ['dynamic import', '<% throw new Error(typeof import("fs").then) %>', /early \(status 1\)/],
    [
      'the constructor of a constructor',
      '<% ejs.constructor.constructor("return process")() %>',
      /process is not defined/,
    ],
  ];
  for (const [what, text, message] of failing) {
    it(`ends in an error for ${what}`, async () => {
      await assert.rejects(render(text), { code: 'template-invalid', message });
    });
  }

  it('cannot change what berth does with its answer', async () => {
    const attacks = [
      '<% JSON.stringify = () => "{}" %>x',
      '<% JSON.stringify = () => \'{"results": {"length": 1}}\' %>x',
      '<% JSON.stringify = () => \'{"__proto__": {"results": [{"text": "x"}]}}\' %>x',
      '<% JSON.stringify = () => \'{"results": [{"text": 5}]}\' %>x',
      '<% JSON.stringify = () => \'{"results": [{"text": "\\\\ud800"}]}\' %>x',
      '<% Object.prototype.toJSON = () => 5 %>x',
    ];
    for (const text of attacks) {
      await assert.rejects(render(text), { code: 'template-invalid' }, text);
    }
    assert.equal(Object.hasOwn(Object.prototype, 'toJSON'), false);
  });

  it('cannot fill the memory with an answer that is nothing but brackets', async () => {
    for (const answer of ['"[".repeat(2 ** 22)', '"{\\"results\\": [" + "{},".repeat(2 ** 20) + "{}]}"']) {
      await assert.rejects(render(`<% JSON.stringify = () => ${answer} %>x`), {
        code: 'template-invalid',
        message: /the sandbox's answer is not one/,
      });
    }
  });

  it('that blames variables cannot write to the terminal', async () => {
    const text = `<% JSON.stringify = () => '{"results": [{"text": ""}], "missing": [{"variable": "\\\\u001b[31m", "file": "service.ejs"}]}' %>`;
    assert.equal(await render(text), '');
  });
});

// As though a template had left its context and had all of Node: the walls behind it.
describe('code in the sandbox', () => {
  const evaluate = async (program: string): Promise<string> =>
    runJailed(
      `${READY}(async () => {\n${program}\n})().then(
    (value) => process.stdout.write(String(value)), (error) => process.stdout.write('threw ' + (error.code ?? error.message)))`,
      'test',
    );

  const answers: [string, string, RegExp][] = [
    [
      'no file to read',
      'return require("fs").readFileSync("/etc/passwd", "utf8")',
      /^threw ERR_ACCESS_DENIED$/,
    ],
    ['no directory to read', 'return require("fs").readdirSync("/")', /^threw ERR_ACCESS_DENIED$/],
    [
      'no file to write',
      'return require("fs").writeFileSync("/tmp/berth-canary", "x")',
      /^threw ERR_ACCESS_DENIED$/,
    ],
    [
      'no program to run',
      'return require("child_process").execFileSync("/bin/sh")',
      /^threw ERR_ACCESS_DENIED$/,
    ],
    ['no bindings', 'return process.binding("fs")', /^threw ERR_ACCESS_DENIED$/],
    [
      'no worker',
      'return new (require("worker_threads").Worker)("1", { eval: true })',
      /^threw ERR_ACCESS_DENIED$/,
    ],
    [
      'no addons',
      'return process.dlopen({ exports: {} }, "/x.node")',
      /^threw ERR_DLOPEN_DISABLED|^threw ERR_ACCESS_DENIED$/,
    ],
    ['no inspector', 'require("inspector").open(); return "open"', /^threw ERR_/],
    ['no environment', 'return JSON.stringify(process.env)', /^\{\}$/],
    [
      'no rights',
      'return [process.getuid(), process.getgid(), process.getgroups(), process.cwd()]',
      /^65533,65533,65533,\/$/,
    ],
    ['no way back to root', 'process.setuid(0); return process.getuid()', /^threw EPERM$/],
    ['no way to its tracer', 'process.kill(1, "SIGKILL"); return "killed"', /^threw EPERM$/],
    [
      'no interface but a loopback that is down',
      'return JSON.stringify(require("os").networkInterfaces())',
      /^\{\}$/,
    ],
    ['no name service', 'return (await require("dns").promises.resolve("example.com")).length', /^threw E/],
  ];
  for (const [what, program, expected] of answers) {
    it(`has ${what}`, async () => assert.match(await evaluate(program), expected));
  }

  it('reaches no server of the host, neither by TCP nor by an abstract socket', async (test) => {
    const connections: string[] = [];
    const tcp = createServer((socket) => connections.push('tcp') && socket.destroy());
    const abstract = createServer((socket) => connections.push('unix') && socket.destroy());
    test.after(() => tcp.close());
    test.after(() => abstract.close());
    const name = `\0berth-test-${process.pid}`;
    await new Promise<void>((resolve) => tcp.listen(0, '127.0.0.1', resolve));
    await new Promise<void>((resolve) => abstract.listen(name, resolve));
    const address = tcp.address();
    const port = typeof address === 'object' ? address?.port : 0;
    const connect = (target: string) =>
      evaluate(`return new Promise((resolve) => {
        const socket = require("net").connect(${target});
        socket.on("connect", () => resolve("connected"));
        socket.on("error", (error) => resolve(error.code));
      })`);
    assert.match(await connect(`${port}, "127.0.0.1"`), /^(?:ENETUNREACH|ECONNREFUSED|EADDRNOTAVAIL)$/);
    assert.match(await connect(JSON.stringify({ path: name })), /^E/);
    assert.deepEqual(connections, []);
  });

  it('cannot signal a process of the host', async (test) => {
    const victim = spawn('/bin/sleep', ['60'], { uid: 65533, gid: 65533 });
    test.after(() => victim.kill('SIGKILL'));
    assert.match(
      await evaluate(`process.kill(${victim.pid}, "SIGKILL"); return "killed"`),
      /^threw (?:ESRCH|EPERM)$/,
    );
    assert.equal(victim.exitCode ?? victim.signalCode, null);
  });

  it('that only waits is ended, with all that it started', { timeout: 60_000 }, async () => {
    await assert.rejects(runJailed(`${READY}setInterval(() => {}, 1000)`, 'test', 5000), {
      code: 'template-invalid',
      message: /not done after 5 s/,
    });
    // Other tests have sandboxes too, which end by themselves; one that only waits would not.
    for (const pid of processesOf(65533)) await ended(pid);
  });

  it('that exits says nothing', async () => {
    assert.equal(await runJailed(`${READY}process.exit(0)`, 'test'), '');
    await assert.rejects(runJailed(`${READY}process.exit(7)`, 'test'), {
      code: 'template-invalid',
      message: /status 7/,
    });
  });

  it('leaves no mount behind', async () => {
    const before = readFileSync('/proc/self/mountinfo', 'utf8');
    await render('x');
    assert.equal(readFileSync('/proc/self/mountinfo', 'utf8'), before);
  });
});

describe('without a sandbox', () => {
  it('because berth may not make namespaces, nothing is rendered', () => {
    const module = JSON.stringify(import.meta.resolve('../../../../src/deployment/template/sandbox.ts'));
    const program = `const { renderEjs } = await import(${module});
      await renderEjs([{ file: 'service.ejs', text: 'canary', escape: 'none' }], new Map()).then(console.log, (error) => console.log(error.code, error.message));`;
    const args = [
      '--bounding-set=-sys_admin',
      process.execPath,
      '--experimental-strip-types',
      '--no-warnings',
    ];
    const said = execFileSync('/usr/bin/setpriv', [...args, '--input-type=module', '-e', program], {
      encoding: 'utf8',
    });
    assert.match(said, /^template-sandbox cannot set up the sandbox: service\.ejs: unshare: .*not permitted/);
  });

  it('nothing is rendered', async () => {
    // A program that never says that it stands in the sandbox.
    await assert.rejects(runJailed('process.exit(99)', 'service.ejs'), {
      code: 'template-sandbox',
      message: /service\.ejs/,
    });
  });
});

/** Resolves when a process is gone; a sandbox that was not ended would keep the test until its time-out. */
async function ended(pid: string): Promise<void> {
  while (existsSync(`/proc/${pid}`)) await sleep(50);
}

function processesOf(uid: number): string[] {
  return readdirSync('/proc').filter((name) => {
    if (!/^\d+$/.test(name)) return false;
    try {
      return new RegExp(`^Uid:\\s+${uid}\\s`, 'm').test(readFileSync(`/proc/${name}/status`, 'utf8'));
    } catch {
      return false; // It has ended meanwhile.
    }
  });
}
