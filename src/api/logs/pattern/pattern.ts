import { compileFieldsPattern } from "./fields.ts";
import { compileJsonPattern } from "./json.ts";
import { compileTerms } from "./terms.ts";

/** Whether a log event matches. */
export type Matches = (message: string) => boolean;

/**
 * CloudWatch Logs' filter patterns: terms for plain text, `{ ... }` for JSON, `[ ... ]` for words with blanks between them; nothing, or blanks,
 * matches every event. Throws InvalidParameterException.
 */
export function compilePattern(pattern: string | undefined): Matches {
  const text = pattern?.trim() ?? "";
  if (text === "") return () => true;
  if (text.startsWith("{")) return compileJsonPattern(text);
  return text.startsWith("[") ? compileFieldsPattern(text) : compileTerms(text);
}
