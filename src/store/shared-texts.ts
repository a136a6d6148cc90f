/** Longer texts, with attempts or many dependencies in them, hardly ever come twice. */
const LONGEST_SHARED = 500;
const MAX_SHARED = 10_000;

/** Equal texts give the same object: 100,000 waiting jobs of one kind hold it once, and it is parsed once. Nobody changes these objects. */
export class SharedTexts {
  readonly #parsed = new Map<string, unknown>();

  parse(text: string): unknown {
    return text.length > LONGEST_SHARED ? JSON.parse(text) : this.#get(text, (same) => JSON.parse(same));
  }

  text(text: string): string {
    return this.#get(text, (same) => same) as string;
  }

  #get(text: string, make: (text: string) => unknown): unknown {
    const known = this.#parsed.get(text);
    if (known !== undefined) return known;
    const made = make(text);
    if (this.#parsed.size >= MAX_SHARED) this.#parsed.clear();
    this.#parsed.set(text, made);
    return made;
  }
}
