/** What a runtime says of itself. */
export interface RuntimeVersion {
  /** Such as `runc version 1.1.5`. */
  text: string;
  /** True when it says that it was built to filter system calls. */
  seccomp: boolean;
}

/** Asks a runtime of the running system. What it prints is like `runc version 1.1.5`, `libseccomp: 2.5.4` or `+SECCOMP`. */
export async function runtimeVersion(path: string): Promise<RuntimeVersion> {
  const { execa } = await import('execa');
  const { stdout } = await execa(path, ['--version'], {
    stdin: 'ignore',
    reject: false,
    timeout: 10_000,
    cwd: '/',
  });
  return { text: stdout.split('\n')[0] ?? '', seccomp: /libseccomp: \d|\+SECCOMP\b/.test(stdout) };
}
