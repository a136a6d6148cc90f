import { invalidPattern } from "./scanner.ts";

/**
 * The regular expressions of filter patterns: a small language without groups, so that an expression is a choice of sequences, and a sequence
 * a row of characters that may repeat.
 */
export interface Sequence {
  readonly fromStart: boolean;
  readonly toEnd: boolean;
  readonly items: readonly Item[];
}

export interface Item {
  /** Of a character's code: is it one of these? Codes from 128 on are all alike, and asked for as 128. */
  readonly accepts: (code: number) => boolean;
  readonly min: number;
  /** Infinity for no limit. */
  readonly max: number;
}

type Accepts = Item["accepts"];

const OTHER_CHARACTERS = 128;
/** What stands for itself besides letters and digits. AWS's list, with the blank of AWS's own examples. */
const LITERAL = /[A-Za-z0-9:_#=@/;, -]/;
const OPERATORS = "^$?[]{}|\\*+.";
/** As in the engines that AWS's syntax is a part of. */
const MAX_REPEAT = 1_000;

const CLASSES: Readonly<Record<string, Accepts>> = {
  d: inText("0123456789"),
  s: inText(" \t\n\r\f\v"),
  w: (code) => code < OTHER_CHARACTERS && /\w/.test(String.fromCharCode(code)),
};

/** Throws InvalidParameterException for what is not in the language. */
export function parseRegex(text: string): Sequence[] {
  const reader = { text, at: 0 };
  const sequences = [readSequence(reader)];
  while (reader.at < text.length) {
    reader.at += 1; // the bar
    sequences.push(readSequence(reader));
  }
  return sequences;
}

interface Reader {
  readonly text: string;
  at: number;
}

function readSequence(reader: Reader): Sequence {
  const fromStart = take(reader, "^");
  const items: Item[] = [];
  let toEnd = false;
  while (reader.at < reader.text.length && reader.text[reader.at] !== "|") {
    if (toEnd) throw invalidRegex(reader.text, "$ stands only at the end");
    if (take(reader, "$")) toEnd = true;
    else items.push(readItem(reader));
  }
  if (items.length === 0 && !fromStart && !toEnd) throw invalidRegex(reader.text, "an empty choice matches everything");
  return { fromStart, toEnd, items };
}

function readItem(reader: Reader): Item {
  const accepts = readCharacter(reader);
  const [min, max] = readRepeat(reader);
  return { accepts, min, max };
}

function readCharacter(reader: Reader): Accepts {
  const character = reader.text[reader.at]!;
  if (character === "\\") return readEscape(reader).accepts;
  if (character === "[") return readClass(reader);
  reader.at += 1;
  if (character === ".") return () => true;
  if (LITERAL.test(character)) return inText(character);
  throw invalidRegex(
    reader.text,
    OPERATORS.includes(character) ? `${character} has nothing to work on` : `${character} is not supported`,
  );
}

interface Escaped {
  readonly accepts: Accepts;
  /** Absent for a class such as `\d`. */
  readonly code?: number;
}

function readEscape(reader: Reader): Escaped {
  const character = reader.text[reader.at + 1];
  reader.at += 2;
  if (character === undefined) throw invalidRegex(reader.text, "nothing follows the last \\");
  const known = CLASSES[character.toLowerCase()];
  if (known !== undefined) return { accepts: character === character.toLowerCase() ? known : not(known) };
  if (character === "x") return readHexadecimal(reader);
  if (/[A-Za-z0-9]/.test(character) || character.charCodeAt(0) >= OTHER_CHARACTERS)
    throw invalidRegex(reader.text, `\\${character} is not supported`);
  return single(character.charCodeAt(0));
}

function readHexadecimal(reader: Reader): Escaped {
  const digits = /^[0-7][0-9A-Fa-f]/.exec(reader.text.slice(reader.at, reader.at + 2))?.[0];
  if (digits === undefined) throw invalidRegex(reader.text, "\\x takes two hexadecimal digits of an ASCII character");
  reader.at += 2;
  return single(Number.parseInt(digits, 16));
}

/** `[abc]`, `[a-z]`, `[^a-z]`; a `]` in it is escaped. */
function readClass(reader: Reader): Accepts {
  reader.at += 1;
  const negated = take(reader, "^");
  const parts: Accepts[] = [];
  while (!take(reader, "]")) parts.push(readRange(reader));
  if (parts.length === 0) throw invalidRegex(reader.text, "[] is empty");
  const one: Accepts = (code) => parts.some((accepts) => accepts(code));
  return negated ? not(one) : one;
}

function readRange(reader: Reader): Accepts {
  const from = readMember(reader);
  const isRange = reader.text[reader.at] === "-" && reader.text[reader.at + 1] !== "]";
  if (from.code === undefined || !isRange) return from.accepts;
  reader.at += 1;
  const first = from.code;
  const last = readMember(reader).code;
  if (last === undefined || last < first) throw invalidRegex(reader.text, "a range ends before it begins");
  return (code) => code >= first && code <= last;
}

function readMember(reader: Reader): Escaped {
  const character = reader.text[reader.at];
  if (character === undefined) throw invalidRegex(reader.text, "[ has no ]");
  if (character === "\\") return readEscape(reader);
  if (!LITERAL.test(character) && !OPERATORS.includes(character))
    throw invalidRegex(reader.text, `${character} is not supported`);
  reader.at += 1;
  return single(character.charCodeAt(0));
}

function readRepeat(reader: Reader): [min: number, max: number] {
  if (take(reader, "?")) return [0, 1];
  if (take(reader, "*")) return [0, Infinity];
  if (take(reader, "+")) return [1, Infinity];
  if (reader.text[reader.at] !== "{") return [1, 1];
  const found = /^\{ *(\d{0,4}) *(?:(,) *(\d{0,4}) *)?\}/.exec(reader.text.slice(reader.at));
  const [all, from = "", comma, to = ""] = found ?? [];
  const min = Number(from);
  const max = comma === undefined ? min : to === "" ? Infinity : Number(to);
  const isSound = all !== undefined && (from !== "" || to !== "") && min <= max;
  if (!isSound || min > MAX_REPEAT || (max > MAX_REPEAT && max !== Infinity))
    throw invalidRegex(reader.text, `a repetition is {m}, {m,}, {,n} or {m,n} with m <= n <= ${MAX_REPEAT}`);
  reader.at += all.length;
  return [min, max];
}

function take(reader: Reader, character: string): boolean {
  if (reader.text[reader.at] !== character) return false;
  reader.at += 1;
  return true;
}

function single(code: number): Escaped {
  return { code, accepts: (other) => other === code };
}

function inText(text: string): Accepts {
  const codes = new Set([...text].map((character) => character.charCodeAt(0)));
  return (code) => codes.has(code);
}

function not(accepts: Accepts): Accepts {
  return (code) => !accepts(code);
}

function invalidRegex(text: string, detail: string): Error {
  return invalidPattern(`the regular expression %${text}%: ${detail}`);
}
