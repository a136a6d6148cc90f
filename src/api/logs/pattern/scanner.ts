import { invalidParameterException } from "../../wire/errors.ts";
import type { ApiError } from "../../wire/errors.ts";

/** Reads a filter pattern from left to right. */
export class Scanner {
  readonly text: string;
  at = 0;

  constructor(text: string) {
    this.text = text;
  }

  get atEnd(): boolean {
    return this.at >= this.text.length;
  }

  skipBlanks(): void {
    this.match(/\s*/y);
  }

  /** Reads what a sticky expression matches here; undefined, and nothing read, when it does not. */
  match(expression: RegExp): RegExpExecArray | undefined {
    expression.lastIndex = this.at;
    const found = expression.exec(this.text);
    if (found === null) return undefined;
    this.at = expression.lastIndex;
    return found;
  }

  /** Reads `token`, after any blanks; false when something else stands there. */
  takes(token: string): boolean {
    this.skipBlanks();
    if (!this.text.startsWith(token, this.at)) return false;
    this.at += token.length;
    return true;
  }

  expect(token: string): void {
    if (!this.takes(token)) throw this.unexpected(`"${token}"`);
  }

  /** What is wrong here: a character that cannot stand here, or the end of the pattern. */
  unexpected(expected: string): ApiError {
    this.skipBlanks();
    const found = this.atEnd ? "its end" : `"${this.text.slice(this.at, this.at + 10)}"`;
    return invalidPattern(`expected ${expected}, found ${found}`);
  }
}

/** AWS says `Invalid filter pattern`; what is wrong with it is ours. */
export function invalidPattern(detail: string): ApiError {
  return invalidParameterException(`Invalid filter pattern: ${detail}`);
}

/** AWS's text for a term that needs quotation marks. */
export function invalidCharacter(character: string): ApiError {
  return invalidParameterException(`Invalid character(s) in term '${character}'`);
}

const QUOTED = /"((?:[^"\\]|\\.)*)"/sy;

/** A text in quotation marks, in which `\` takes the next character as it is; undefined when there is none here. */
export function quotedText(scanner: Scanner): string | undefined {
  return scanner.match(QUOTED)?.[1]!.replaceAll(/\\(.)/gs, "$1");
}
