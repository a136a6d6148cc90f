import type { LogLine } from "./log-window.ts";
import { plainText } from "./log-text.ts";
import type { Span } from "./log-text.ts";

/** What finds a text wherever it stands, in whatever case; undefined for no text. */
export function finderOf(text: string): RegExp | undefined {
  return text === "" ? undefined : new RegExp(text.replace(/[.*+?^${}()|[\]\\/-]/g, String.raw`\$&`), "giv");
}

/** The lines that have it, by their `seq`. */
export function linesWith(lines: readonly LogLine[], finder: RegExp | undefined): number[] {
  if (finder === undefined) return [];
  return lines.filter(({ message }) => hasText(message, finder)).map(({ seq }) => seq);
}

function hasText(message: string, finder: RegExp): boolean {
  finder.lastIndex = 0;
  return finder.test(plainText(message));
}

export interface MarkedSpan extends Span {
  /** Where in the line it begins. */
  readonly at: number;
  readonly isMatch: boolean;
}

/** Most that are marked in one line. */
const MOST_MARKS = 1_000;

/** The spans of a line, cut where a match begins or ends. A match may go over several of them. */
export function markMatches(spans: readonly Span[], finder: RegExp | undefined): MarkedSpan[] {
  const ranges = rangesOf(spans.map(({ text }) => text).join(""), finder);
  const marked: MarkedSpan[] = [];
  let at = 0;
  let next = 0;
  for (const span of spans) {
    let from = 0;
    while (from < span.text.length) {
      while (next < ranges.length && ranges[next]!.to <= at + from) next += 1;
      const range = ranges[next];
      const isMatch = range !== undefined && range.from <= at + from;
      const end = isMatch ? range.to : (range?.from ?? Infinity);
      const to = Math.min(span.text.length, end - at);
      marked.push({ ...span, at: at + from, text: span.text.slice(from, to), isMatch });
      from = to;
    }
    at += span.text.length;
  }
  return marked;
}

function rangesOf(text: string, finder: RegExp | undefined): { readonly from: number; readonly to: number }[] {
  if (finder === undefined) return [];
  const ranges: { from: number; to: number }[] = [];
  for (const match of text.matchAll(finder)) {
    ranges.push({ from: match.index, to: match.index + match[0].length });
    if (ranges.length === MOST_MARKS) break;
  }
  return ranges;
}

/** The text as CloudWatch's filter patterns have it: a phrase in quotation marks. */
export function phrasePattern(text: string): string {
  return `"${text.replaceAll("\\", "\\\\").replaceAll('"', String.raw`\"`)}"`;
}

/** Names a line among those of its millisecond: FNV-1a. For links, where nobody is to be kept from making one up. */
export function lineMark(message: string): string {
  let hash = 0x811c9dc5;
  for (let at = 0; at < message.length; at += 1) {
    hash = Math.imul(hash ^ message.charCodeAt(at), 0x01000193);
  }
  return (hash >>> 0).toString(36);
}

/** A line in the address of the page: its time, and which it is of that time. */
export function lineLink({ timestamp, message }: Pick<LogLine, "timestamp" | "message">): string {
  return `${timestamp}-${lineMark(message)}`;
}

export function parseLineLink(link: string | null): { readonly timestamp: number; readonly mark: string } | undefined {
  const [, time, mark] = /^(\d{1,15})-([0-9a-z]{1,7})$/.exec(link ?? "") ?? [];
  return time === undefined || mark === undefined ? undefined : { timestamp: Number(time), mark };
}
