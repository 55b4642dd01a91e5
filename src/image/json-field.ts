import { BerthError, type ErrorCode, messageOf } from '../errors.ts';
import { quote } from '../reference/quote.ts';
import { countJsonValues } from './json-values.ts';
import { checkLimit, type Limits } from './limits.ts';

/**
 * One value of a JSON document from outside, with the way that led to it, so that every complaint
 * names its field. `null` counts as absent: Go programs write it for empty lists and maps.
 */
export class JsonField {
  readonly #value: unknown;
  readonly #path: string;
  readonly #code: ErrorCode;
  readonly #document: string;

  private constructor(value: unknown, path: string, code: ErrorCode, document: string) {
    this.#value = value ?? undefined;
    this.#path = path;
    this.#code = code;
    this.#document = document;
  }

  /** Parses UTF-8 JSON; complaints carry `code`, or `limit-exceeded`, and call the document `document`. */
  static parse(
    bytes: Uint8Array,
    { code, document, limits }: { code: ErrorCode; document: string; limits: Limits },
  ): JsonField {
    try {
      const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
      checkLimit(limits, 'jsonValues', countJsonValues(text), `values in ${document}`);
      return new JsonField(JSON.parse(text), '', code, document);
    } catch (error) {
      if (error instanceof BerthError) throw error;
      throw new BerthError(code, `not JSON: ${document}: ${quote(messageOf(error))}`, { cause: error });
    }
  }

  get isPresent(): boolean {
    return this.#value !== undefined;
  }

  /** A member of this object; the object itself may be absent. */
  get(key: string): JsonField {
    const object = this.#value === undefined ? {} : this.#object();
    return this.#child(Object.hasOwn(object, key) ? object[key] : undefined, `.${key}`);
  }

  /** The elements of this list; none when it is absent. */
  list(): JsonField[] {
    if (this.#value === undefined) return [];
    if (!Array.isArray(this.#value)) throw this.wrong('not a list');
    return this.#value.map((item, index) => this.#child(item, `[${index}]`));
  }

  /** The keys of this object, sorted; none when it is absent. */
  keys(): string[] {
    return this.#value === undefined ? [] : Object.keys(this.#object()).sort();
  }

  /** A string without NUL, which no program or file name could carry. */
  string(): string {
    if (typeof this.#value !== 'string') throw this.wrong('not a string');
    if (this.#value.includes('\0')) throw this.wrong('it has a NUL in it');
    return this.#value;
  }

  optionalString(): string | undefined {
    return this.#value === undefined ? undefined : this.string();
  }

  strings(): string[] {
    return this.list().map((item) => item.string());
  }

  stringMap(): Record<string, string> {
    // fromEntries defines its members, so that a key such as __proto__ stays a key.
    return Object.fromEntries(this.keys().map((key) => [key, this.get(key).string()]));
  }

  /** A whole number, not negative, that a double carries exactly. */
  count(): number {
    if (!Number.isSafeInteger(this.#value) || (this.#value as number) < 0 || Object.is(this.#value, -0)) {
      throw this.wrong('not a whole number from 0 on');
    }
    return this.#value as number;
  }

  /** Requires an object here. */
  object(): this {
    this.#object();
    return this;
  }

  wrong(cause: string, detail: { code?: ErrorCode; cause?: unknown } = {}): BerthError {
    const field = this.#path === '' ? 'the document' : quote(this.#path.slice(1)).slice(1, -1);
    const value = this.#value === undefined ? 'absent' : quote(this.#value);
    return new BerthError(
      detail.code ?? this.#code,
      `${this.#document} is not valid: ${field}: ${cause}: ${value}`,
      { cause: detail.cause },
    );
  }

  #object(): Record<string, unknown> {
    if (typeof this.#value !== 'object' || this.#value === null || Array.isArray(this.#value)) {
      throw this.wrong('not an object');
    }
    return this.#value as Record<string, unknown>;
  }

  #child(value: unknown, step: string): JsonField {
    const path = step.startsWith('[') && this.#path === '' ? `.${step}` : `${this.#path}${step}`;
    return new JsonField(value, path, this.#code, this.#document);
  }
}
