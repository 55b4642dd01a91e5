import type { Random } from '../../random.ts';
import { randomBytes } from './bytes.ts';

/** What a stream may hold: nothing, noise, or what compresses well, now and then more than a decoder's buffer. */
export function randomPlain(random: Random): Buffer {
  switch (random.int(5)) {
    case 0:
      return Buffer.alloc(0);
    case 1:
      return randomBytes(random, random.int(400));
    case 2:
      return Buffer.alloc(random.int(random.chance(0.02) ? 3_000_000 : 70_000), 'text that repeats itself ');
    default:
      return Buffer.concat(
        Array.from({ length: random.int(20) }, () => randomBytes(random, 8)).flatMap((part) => [part, part]),
      );
  }
}
