import type { ContainerProperties } from "@aws-sdk/client-batch";

/** A regular expression of JavaScript: a line that fits begins an event, and the lines after it are of the same one. */
export interface EventStart {
  readonly source: string;
  readonly flags: string;
}

/**
 * What the options awslogs-datetime-format and awslogs-multiline-pattern say; the former wins, as in Docker's driver. Undefined without them: each line is
 * an event.
 */
export function eventStartOf({ logConfiguration }: ContainerProperties): EventStart | undefined {
  const { logDriver = "awslogs", options = {} } = logConfiguration ?? {};
  if (logDriver !== "awslogs") return undefined;
  const format = options["awslogs-datetime-format"];
  if (format !== undefined) return { source: ofDateTime(format), flags: "" };
  const pattern = options["awslogs-multiline-pattern"];
  return pattern === undefined ? undefined : ofPattern(pattern);
}

/** As Docker's driver reads the formats of strftime; what is between them is a regular expression already. */
const FORMATS: Readonly<Record<string, string>> = {
  a: "(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)",
  A: "(?:Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday)",
  w: "[0-6]",
  d: "(?:[0-2][0-9]|3[01])",
  b: "(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)",
  B: "(?:January|February|March|April|May|June|July|August|September|October|November|December)",
  m: "(?:0[1-9]|1[0-2])",
  Y: "\\d{4}",
  y: "\\d{2}",
  H: "(?:[01][0-9]|2[0-3])",
  I: "(?:0[0-9]|1[0-2])",
  p: "[AP]M",
  M: "[0-5][0-9]",
  S: "[0-5][0-9]",
  L: "\\.\\d{3}",
  f: "\\d{6}",
  z: "[+-]\\d{4}",
  Z: "[A-Z]{1,4}T",
  j: "(?:[0-2][0-9][0-9]|3[0-5][0-9]|36[0-6])",
};

function ofDateTime(format: string): string {
  return format.replace(/%([A-Za-z])/g, (whole, letter: string) => FORMATS[letter] ?? whole);
}

const CLASSES: Readonly<Record<string, string>> = {
  alnum: "0-9A-Za-z",
  alpha: "A-Za-z",
  digit: "0-9",
  lower: "a-z",
  space: "\\s",
  upper: "A-Z",
  word: "\\w",
  xdigit: "0-9A-Fa-f",
};

/** Go's regular expressions are written as JavaScript's but for flags at the beginning, names of groups, named classes, and the ends of a text. */
function ofPattern(pattern: string): EventStart {
  const [, flags = "", rest = ""] = /^(?:\(\?([ims]+)\))?(.*)$/s.exec(pattern) ?? [];
  const source = rest
    .replaceAll("(?P<", "(?<")
    .replace(/\[:([a-z]+):\]/g, (whole, name: string) => CLASSES[name] ?? whole)
    .replace(/\\([Az])/g, (_, letter: string) => (letter === "A" ? "^" : "$"));
  return { source, flags: [...new Set(flags)].join("") };
}
