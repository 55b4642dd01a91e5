import { accessSync, constants } from 'node:fs';

/** The absolute path of a program of the host, in these directories only: PATH has no say. Undefined where there is none. */
export function findProgram(name: string, directories: string[]): string | undefined {
  return directories.map((directory) => `${directory}/${name}`).find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
