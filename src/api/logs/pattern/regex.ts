import { parseRegex } from "./regex-syntax.ts";
import type { Item, Sequence } from "./regex-syntax.ts";
import { invalidPattern } from "./scanner.ts";

/** More would make each character of a log cost too much. */
const MAX_PLACES = 1_024;
const WORD_BITS = 32;
/** The table has a row for each ASCII character and one for all others. */
const ROWS = 129;

/**
 * Compiles a regular expression of a filter pattern into a search for it anywhere in a text. The search takes time proportional to the text,
 * whatever the expression: all ways to match are followed at once, as bits.
 *
 * A place is a bit: "the items before this one have matched". Each character moves places on (shift), keeps those that may repeat, and
 * carries them over items that may be absent. Throws InvalidParameterException.
 */
export function compileRegex(text: string): (subject: string) => boolean {
  const program = assemble(parseRegex(text), text);
  return (subject) => search(program, subject);
}

interface Program {
  readonly words: number;
  /** For each character: the places whose item accepts it. */
  readonly accepting: Uint32Array;
  /** Places whose item may repeat, and those whose item may be absent. */
  readonly repeating: Uint32Array;
  readonly optional: Uint32Array;
  /** Places of the beginning: of every sequence, and of those that may begin anywhere. */
  readonly first: Uint32Array;
  readonly anywhere: Uint32Array;
  /** Places that mean a match: at once, and at the end of the text. */
  readonly final: Uint32Array;
  readonly finalAtEnd: Uint32Array;
}

interface Place {
  readonly accepts: Item["accepts"];
  readonly repeats: boolean;
  readonly isOptional: boolean;
}

function assemble(sequences: readonly Sequence[], text: string): Program {
  const laidOut = sequences.map((sequence) => ({ sequence, places: sequence.items.flatMap(placesOf) }));
  // One place more than a sequence has items: the one behind its last.
  const count = laidOut.reduce((sum, { places }) => sum + places.length + 1, 0);
  if (count > MAX_PLACES) throw invalidPattern(`the regular expression %${text}% is too large`);
  const words = Math.ceil(count / WORD_BITS);
  const set = (): Uint32Array => new Uint32Array(words);
  const program = {
    ...{ words, accepting: new Uint32Array(words * ROWS), repeating: set(), optional: set() },
    ...{ first: set(), anywhere: set(), final: set(), finalAtEnd: set() },
  };
  let at = 0;
  for (const { sequence, places } of laidOut) {
    mark(program.first, at);
    if (!sequence.fromStart) mark(program.anywhere, at);
    for (const place of places) addPlace(program, place, at++);
    mark(sequence.toEnd ? program.finalAtEnd : program.final, at++);
  }
  return program;
}

function placesOf({ accepts, min, max }: Item): Place[] {
  const place = (repeats: boolean, isOptional: boolean): Place => ({ accepts, repeats, isOptional });
  const needed = Array.from({ length: min }, () => place(false, false));
  if (max !== Infinity) return [...needed, ...Array.from({ length: max - min }, () => place(false, true))];
  return [...needed, place(true, true)];
}

function addPlace(program: Program, { accepts, repeats, isOptional }: Place, at: number): void {
  if (repeats) mark(program.repeating, at);
  if (isOptional) mark(program.optional, at);
  for (let code = 0; code < ROWS; code += 1) {
    if (accepts(code)) mark(program.accepting, code * program.words * WORD_BITS + at);
  }
}

function mark(bits: Uint32Array, at: number): void {
  bits[at >>> 5]! |= 1 << (at & 31);
}

function search(program: Program, subject: string): boolean {
  const { words, final, finalAtEnd } = program;
  const places = Uint32Array.from(program.first);
  passOptional(program, places);
  for (let index = 0; index < subject.length; index += 1) {
    if (meet(places, final, words)) return true;
    const code = subject.charCodeAt(index);
    // The second half of a character outside the basic plane is no character of its own.
    if ((code & 0xfc00) === 0xdc00) continue;
    advance(program, places, Math.min(code, ROWS - 1));
  }
  return meet(places, final, words) || meet(places, finalAtEnd, words);
}

function meet(places: Uint32Array, others: Uint32Array, words: number): boolean {
  for (let word = 0; word < words; word += 1) if ((places[word]! & others[word]!) !== 0) return true;
  return false;
}

/** Reads one character. */
function advance({ words, accepting, repeating, anywhere, optional }: Program, places: Uint32Array, row: number): void {
  const offset = row * words;
  let shiftedOut = 0;
  for (let word = 0; word < words; word += 1) {
    const matched = places[word]! & accepting[offset + word]!;
    places[word] = (matched << 1) | shiftedOut | (matched & repeating[word]!) | anywhere[word]!;
    shiftedOut = matched >>> 31;
  }
  passOptional({ words, optional }, places);
}

/**
 * Adds the places that are reached over absent items. Adding a run's lowest place to its run of ones carries through the run up to the place
 * behind it; what the addition changed, and what was there, is what is reached.
 */
function passOptional({ words, optional }: Pick<Program, "words" | "optional">, places: Uint32Array): void {
  let carry = 0;
  for (let word = 0; word < words; word += 1) {
    const run = optional[word]!;
    const here = places[word]!;
    const sum = run + ((here & run) >>> 0) + carry;
    carry = sum > 0xffffffff ? 1 : 0;
    places[word] = here | ((sum ^ run) >>> 0);
  }
}
