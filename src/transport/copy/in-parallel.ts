/**
 * Does work for each item, `count` at a time. The first failure ends the others by their signal; when this
 * returns or throws, nothing goes on any more.
 */
export async function inParallel<Item>(
  items: readonly Item[],
  count: number,
  signal: AbortSignal,
  work: (item: Item, signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const queue = [...items];
  const stop = new AbortController();
  const both = AbortSignal.any([signal, stop.signal]);
  const serve = async (): Promise<void> => {
    try {
      for (let item = queue.shift(); item !== undefined; item = queue.shift()) {
        both.throwIfAborted();
        await work(item, both);
      }
    } catch (error) {
      // The reason of the first stays, and the others throw it, too.
      stop.abort(error);
      throw error;
    }
  };
  await Promise.allSettled(Array.from({ length: count }, serve));
  signal.throwIfAborted();
  stop.signal.throwIfAborted();
}
