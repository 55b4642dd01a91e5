import type { Random } from '../../random.ts';

/** One of the right items, and now and then a wrong one: more, and hardly an archive would be read to its end. */
export function mostly<Item>(right: readonly Item[], wrong: readonly Item[], random: Random): Item {
  return random.pick(random.chance(0.04) ? wrong : right);
}
