import { parseStored } from "./stored-json.ts";

/** Longer states, with attempts in them, hardly ever come twice. */
const LONGEST_STATE = 500;
/** What longer ones say, with a thousand nodes or many dependencies in them, hardly ever comes twice. */
const LONGEST_SCHEDULING = 10_000;
const MAX_CHARACTERS = 5_000_000;

interface Known {
  readonly text: string;
  readonly made: unknown;
}

/** Equal texts give the same object: 100,000 waiting jobs of one kind hold it once, and it is parsed once. Nobody changes these objects. */
export class SharedTexts {
  readonly #parsed = new Map<string, unknown>();
  #characters = 0;
  /** Jobs that follow each other are mostly alike, and to compare a text takes less than to look it up. */
  #lastState: Known = { text: "", made: undefined };
  #lastScheduling: Known = { text: "", made: undefined };

  state(text: string): unknown {
    if (text !== this.#lastState.text) this.#lastState = { text, made: this.#parse(text, LONGEST_STATE) };
    return this.#lastState.made;
  }

  scheduling(text: string): unknown {
    if (text !== this.#lastScheduling.text)
      this.#lastScheduling = { text, made: this.#parse(text, LONGEST_SCHEDULING) };
    return this.#lastScheduling.made;
  }

  text(text: string): string {
    return this.#get(text, (same) => same) as string;
  }

  #parse(text: string, longest: number): unknown {
    return text.length > longest ? parseStored(text) : this.#get(text, parseStored);
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
