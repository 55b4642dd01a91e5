import { compareTrees } from './difference.ts';
import { lookAt } from './look.ts';

// Usage: compare.ts DIRECTORY DIRECTORY
// Prints what differs between two trees: type, owner, mode, time in nanoseconds, content, target, device number,
// xattrs, and which names are one file. Ends with 1 when something does. Run it as root, which sees everything.

const [first, second] = process.argv.slice(2);
if (first === undefined || second === undefined) throw new Error('usage: compare.ts DIRECTORY DIRECTORY');
const differences = compareTrees(lookAt(first), lookAt(second));
for (const { path, what, first, second } of differences) {
  console.log(`${JSON.stringify(path)}: ${what}: ${first ?? 'nothing'} | ${second ?? 'nothing'}`);
}
console.log(`${differences.length} differences`);
if (differences.length > 0) process.exitCode = 1;
