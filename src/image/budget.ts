/** An amount of memory that several share, each of whom waits until there is enough of it. */
export class Budget {
  readonly #most: number;
  #taken = 0;
  #waiting: (() => void)[] = [];

  /** In bytes. */
  constructor(most: number) {
    this.#most = most;
  }

  /** Takes a part when there is so much; one that is more than all of it, when nobody else has any. */
  async take(bytes: number): Promise<void> {
    while (this.#taken > 0 && this.#taken + bytes > this.#most) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
    this.#taken += bytes;
  }

  give(bytes: number): void {
    this.#taken -= bytes;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const wake of waiting) wake();
  }
}
