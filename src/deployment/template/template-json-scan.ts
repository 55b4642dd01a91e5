import { quote } from '../../reference/quote.ts';

/** Where a text stops being JSON, as an offset, and why. */
export interface JsonProblem {
  offset: number;
  problem: string;
}

const MAX_DEPTH = 100;

/**
 * The first place at which a text is not JSON as berth takes it; undefined for none. Stricter than
 * JSON.parse, which lets a repeated key win without a word: a value could replace what stands in the
 * template. What is left to JSON.parse are control characters inside strings.
 */
export function findJsonProblem(text: string): JsonProblem | undefined {
  const scan = new JsonScan(text);
  return scan.value(0) ?? scan.end();
}

class JsonScan {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  value(depth: number): JsonProblem | undefined {
    if (depth > MAX_DEPTH) return this.#problem('it is nested too deeply');
    this.#skipSpace();
    if (this.#take(/\{/y)) return this.#object(depth);
    if (this.#take(/\[/y)) return this.#list(depth);
    const scalar =
      this.#string() ?? this.#take(/-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][-+]?\d+)?|true|false|null/y);
    return scalar === undefined ? this.#problem('a value is missing') : undefined;
  }

  end(): JsonProblem | undefined {
    this.#skipSpace();
    return this.#at === this.#text.length ? undefined : this.#problem('something follows the end');
  }

  #object(depth: number): JsonProblem | undefined {
    const keys = new Set<string>();
    this.#skipSpace();
    if (this.#take(/\}/y)) return undefined;
    for (;;) {
      this.#skipSpace();
      const start = this.#at;
      const key = this.#string();
      if (key === undefined) return this.#problem('a key in quotes is missing');
      if (keys.has(key))
        return { offset: start, problem: `the key ${quote(key.slice(1, -1))} is there twice` };
      keys.add(key);
      this.#skipSpace();
      if (!this.#take(/:/y)) return this.#problem('":" is missing');
      const problem = this.value(depth + 1);
      if (problem !== undefined) return problem;
      this.#skipSpace();
      if (this.#take(/\}/y)) return undefined;
      if (!this.#take(/,/y)) return this.#problem('"," or "}" is missing');
    }
  }

  #list(depth: number): JsonProblem | undefined {
    this.#skipSpace();
    if (this.#take(/\]/y)) return undefined;
    for (;;) {
      const problem = this.value(depth + 1);
      if (problem !== undefined) return problem;
      this.#skipSpace();
      if (this.#take(/\]/y)) return undefined;
      if (!this.#take(/,/y)) return this.#problem('"," or "]" is missing');
    }
  }

  #string(): string | undefined {
    const raw = this.#take(/"(?:[^"\\\n]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y);
    // Two spellings of one key are one key.
    return raw?.replace(/\\u([0-9a-fA-F]{4})/g, (_all, hex: string) =>
      String.fromCharCode(Number.parseInt(hex, 16)),
    );
  }

  #take(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text)?.[0];
    this.#at += found?.length ?? 0;
    return found;
  }

  #skipSpace(): void {
    this.#take(/[ \t\r\n]*/y);
  }

  #problem(problem: string): JsonProblem {
    return { offset: this.#at, problem };
  }
}
