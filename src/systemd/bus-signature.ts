/** The complete types that a signature is made of: `sa{sv}` is `s` and `a{sv}` (D-Bus specification, "Type System"). */
export function completeTypes(signature: string): string[] {
  const types: string[] = [];
  for (let start = 0; start < signature.length; ) {
    const end = endOfType(signature, start);
    types.push(signature.slice(start, end));
    start = end;
  }
  return types;
}

function endOfType(signature: string, start: number): number {
  let at = start;
  while (signature[at] === 'a') at += 1;
  let depth = 0;
  do {
    const code = signature[at];
    if (code === '(' || code === '{') depth += 1;
    else if (code === ')' || code === '}') depth -= 1;
    at += 1;
  } while (depth > 0 && at < signature.length);
  return at;
}

/** Bytes to a multiple of which a value of the type is aligned. */
export function alignmentOf(type: string): number {
  switch (type[0]) {
    case 'y':
    case 'g':
    case 'v':
      return 1;
    case 'n':
    case 'q':
      return 2;
    case 'x':
    case 't':
    case 'd':
    case '(':
    case '{':
      return 8;
    default:
      return 4;
  }
}

/** How many bytes stand before what is aligned to a multiple of `size`. */
export function padding(at: number, size: number): number {
  return (size - (at % size)) % size;
}
