/** Calls somebody when nothing has happened for a time; it runs from the beginning on. */
export class StallWatch {
  readonly #milliseconds: number;
  readonly #onStall: (seconds: number) => void;
  #timer: NodeJS.Timeout | undefined;
  #ended = false;

  constructor(milliseconds: number, onStall: (seconds: number) => void) {
    this.#milliseconds = milliseconds;
    this.#onStall = onStall;
    this.resume();
  }

  /** What is waited for now is not watched. */
  pause(): void {
    clearTimeout(this.#timer);
  }

  /** Waits the whole time from now on. */
  resume(): void {
    clearTimeout(this.#timer);
    if (this.#ended) return;
    this.#timer = setTimeout(() => this.#onStall(this.#milliseconds / 1000), this.#milliseconds);
  }

  /** Watches no longer, whatever is called later. */
  end(): void {
    this.#ended = true;
    this.pause();
  }
}
