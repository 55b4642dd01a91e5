import { randomBytes } from 'node:crypto';
import { closeSync, openSync, writeSync } from 'node:fs';

// Usage: write.ts FILE. See recipe.ts for what it writes and why.

const SIZE = 2 * 1024 ** 3;
const file = openSync(process.argv[2] ?? '/dev/null', 'wx');
let left = SIZE;
while (left > 0) {
  const random = randomBytes(64 * 1024);
  const pieces: Buffer[] = [];
  for (let start = 0; start < random.length; start += 1024) {
    const piece = random.subarray(start, start + 1024);
    pieces.push(...Array<Buffer>(20).fill(piece));
  }
  const block = Buffer.concat(pieces).subarray(0, left);
  writeSync(file, block);
  left -= block.length;
}
closeSync(file);
