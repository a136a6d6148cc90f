/** Longer states, with attempts in them, hardly ever come twice. */
const LONGEST_STATE = 500;
/** What longer ones say, with a thousand nodes or many dependencies in them, hardly ever comes twice. */
const LONGEST_SCHEDULING = 10_000;
const MAX_CHARACTERS = 5_000_000;

/** Equal texts give the same object: 100,000 waiting jobs of one kind hold it once, and it is parsed once. Nobody changes these objects. */
export class SharedTexts {
  readonly #parsed = new Map<string, unknown>();
  #characters = 0;

  state(text: string): unknown {
    return this.#parse(text, LONGEST_STATE);
  }

  scheduling(text: string): unknown {
    return this.#parse(text, LONGEST_SCHEDULING);
  }

  text(text: string): string {
    return this.#get(text, (same) => same) as string;
  }

  #parse(text: string, longest: number): unknown {
    return text.length > longest ? JSON.parse(text) : this.#get(text, (same) => JSON.parse(same));
  }

  #get(text: string, make: (text: string) => unknown): unknown {
    const known = this.#parsed.get(text);
    if (known !== undefined) return known;
    const made = make(text);
    this.#characters += text.length;
    if (this.#characters > MAX_CHARACTERS) {
      this.#parsed.clear();
      this.#characters = text.length;
    }
    this.#parsed.set(text, made);
    return made;
  }
}
