import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Host } from '../host/host.ts';

/** Milliseconds for what is waited for on a screen. */
const PATIENCE = 60_000;

/** What a terminal showed of a command, which is over. */
export interface Screen {
  status: number;
  /** The lines that stand there in the end, each as it was written: one that was too long for the terminal is one. */
  lines: string[];
  /** The same with the escape codes of colours. */
  colored: string;
  /** Every byte that came. */
  written: string;
}

/** A terminal of a throwaway host, of so many columns, that runs one shell command. */
export class Terminal {
  readonly #host: Host;
  /** Of a server of its own: one that has lost its last session is still there for a moment, and takes no other. */
  readonly #socket = `/run/test-tmux-${randomUUID()}`;

  private constructor(host: Host) {
    this.#host = host;
  }

  /** Runs a command on a new terminal and returns the screen at its end; `meanwhile` sees it before that. */
  static async run(
    host: Host,
    columns: number,
    command: string,
    meanwhile: (terminal: Terminal) => Promise<void> = async () => {},
  ): Promise<Screen> {
    const terminal = new Terminal(host);
    const written = `${terminal.#socket}.written`;
    // The command begins when there is where its output goes.
    const pipe = `exec >${written}; tmux -S ${terminal.#socket} wait-for -S begin </dev/null; cat`;
    await host.sh(
      `tmux -S ${terminal.#socket} -u -f /dev/null new-session -d -x ${columns} -y 50 "$COMMAND" \\; \\
         set-option -g status off \\; pipe-pane "$PIPE"`,
      { env: { COMMAND: `tmux wait-for begin; ${command}; echo "exit status $?"; cat`, PIPE: pipe } },
    );
    try {
      await meanwhile(terminal);
      const [, status] = await terminal.waitFor(/exit status (\d+)$/m);
      const lines = (await terminal.show()).split('\n').slice(0, -1);
      const colored = await terminal.#tmux('capture-pane -p -e -J');
      return {
        status: Number(status),
        lines,
        colored,
        written: await host.sh(
          `until grep 'exit status' ${written} >/dev/null; do sleep 0.05; done; cat ${written}`,
        ),
      };
    } finally {
      await terminal.#tmux('kill-session');
    }
  }

  /** What stands there now. */
  async show(): Promise<string> {
    return (await this.#tmux('capture-pane -p -J')).replace(/ +$/gm, '').trimEnd();
  }

  /** Waits until something stands there. */
  async waitFor(wanted: RegExp): Promise<RegExpExecArray> {
    for (const deadline = Date.now() + PATIENCE; ; await sleep(50)) {
      const screen = await this.show();
      const found = wanted.exec(screen);
      if (found !== null) return found;
      if (Date.now() > deadline) throw new Error(`${wanted} did not come on the screen:\n${screen}`);
    }
  }

  /** Types a key, as tmux calls it. */
  async type(key: string): Promise<void> {
    await this.#tmux(`send-keys ${key}`);
  }

  async #tmux(command: string): Promise<string> {
    return await this.#host.sh(`tmux -S ${this.#socket} -u ${command}`);
  }
}
