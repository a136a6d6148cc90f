/** One token of JSON. Only the numbers' and the words' own grammar is here; order is the walk's business. */
const TOKEN =
  /[{}[\]:,]|"[^"\\\u0000-\u001f]*(?:\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})[^"\\\u0000-\u001f]*)*"|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?(?![\w.])|(?:true|false|null)(?!\w)/y;
const SPACE = /[ \t\r\n]*/y;

/** What the walk waits for. */
type Expectation = "value" | "value or ]" | "name" | "name or }" | ":" | ", or ]" | ", or }" | "end";

const EXPECTED: Readonly<Record<Expectation, string>> = {
  value: "a value",
  "value or ]": "a value or ]",
  name: "a member name in double quotes",
  "name or }": "a member name in double quotes or }",
  ":": "a colon",
  ", or ]": "a comma or ]",
  ", or }": "a comma or }",
  end: "the end",
};

const LONGEST_QUOTED = 20;

/** In characters. Faults further in are not located: the walk must cost little, whatever a client sends. */
const LONGEST_WALK = 200_000;

/**
 * Where and how a text is not JSON, such as `line 2, column 8: expected a comma or }, got "x"`. JSON.parse tells the position
 * only sometimes; this walks a text that is known to be wrong.
 */
export function findJsonFault(wholeText: string): string {
  const text = wholeText.slice(0, LONGEST_WALK);
  const isCut = text.length < wholeText.length;
  const open: ("list" | "object")[] = [];
  let expectation: Expectation = "value";
  let at = 0;
  for (;;) {
    at += matchAt(SPACE, text, at)?.length ?? 0;
    const token = matchAt(TOKEN, text, at);
    if (token === undefined && isCut) return `at or after ${placeOf(text, at)}`;
    const next: Expectation | undefined = token === undefined ? undefined : step(expectation, token, open);
    if (token === undefined || next === undefined) return describe(text, at, expectation);
    expectation = next;
    at += token.length;
  }
}

/** What is expected after `token`; undefined if it may not stand here. Keeps `open` up to date. */
function step(expectation: Expectation, token: string, open: ("list" | "object")[]): Expectation | undefined {
  switch (expectation) {
    case "value or ]":
      return token === "]" ? close(open) : value(token, open);
    case "value":
      return value(token, open);
    case "name or }":
      if (token === "}") return close(open);
      return token.startsWith('"') ? ":" : undefined;
    case "name":
      return token.startsWith('"') ? ":" : undefined;
    case ":":
      return token === ":" ? "value" : undefined;
    case ", or ]":
      if (token === "]") return close(open);
      return token === "," ? "value" : undefined;
    case ", or }":
      if (token === "}") return close(open);
      return token === "," ? "name" : undefined;
    case "end":
      return undefined;
  }
}

function value(token: string, open: ("list" | "object")[]): Expectation | undefined {
  if (token === "{") {
    open.push("object");
    return "name or }";
  }
  if (token === "[") {
    open.push("list");
    return "value or ]";
  }
  return /^[\]},:]/.test(token) ? undefined : afterValue(open);
}

function close(open: ("list" | "object")[]): Expectation {
  open.pop();
  return afterValue(open);
}

function afterValue(open: readonly ("list" | "object")[]): Expectation {
  const inner = open.at(-1);
  if (inner === undefined) return "end";
  return inner === "list" ? ", or ]" : ", or }";
}

function matchAt(pattern: RegExp, text: string, at: number): string | undefined {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0];
}

function describe(text: string, at: number, expectation: Expectation): string {
  const found = at >= text.length ? "the end" : JSON.stringify(text.slice(at, at + LONGEST_QUOTED));
  return `${placeOf(text, at)}: expected ${EXPECTED[expectation]}, got ${found}`;
}

function placeOf(text: string, at: number): string {
  const before = text.slice(0, at).split("\n");
  return `line ${before.length}, column ${(before.at(-1)?.length ?? 0) + 1}`;
}
