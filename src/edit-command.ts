/** A command for a shell that opens a file in a person's editor, at a line. */
export function editCommand(file: string, line = 1): string {
  return `\${VISUAL:-\${EDITOR:-vi}} +${line} ${file}`;
}
