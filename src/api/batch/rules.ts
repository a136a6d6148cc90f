import type { ApiError } from "../wire/errors.ts";
import { clientException, validationException } from "../wire/errors.ts";
import { TEXTS } from "./texts.ts";

type Texts = typeof TEXTS;
/** Texts that say the same whatever the request. */
type FixedText = { [Name in keyof Texts]: Texts[Name] extends string ? Name : never }[keyof Texts];
/** Texts that quote the request. */
type QuotingText = Exclude<keyof Texts, FixedText>;
type Quoted<Name extends QuotingText> = Texts[Name] extends (...quoted: infer Values) => string ? Values : never;
/** Beside an alternative that is a tuple, the compiler takes a literal for a tuple too, before it knows which text is meant. */
type OrTuple<Values> = Values | [never];

/** One thing that can be wrong with a request. A table of rules is looked through in its order; the first broken one is the answer. */
export interface Rule<Subject> {
  /** The text's name in TEXTS; of nested rules, theirs. */
  readonly texts: readonly (keyof Texts)[];
  readonly find: (subject: Subject) => ApiError | undefined;
}

/** Bare texts belong to lookups and states; the others stand in AWS's sentence about the request (reference 1.3). */
type Family = "wrapped" | "bare";

export function rule<Subject>(
  text: FixedText,
  isBroken: (subject: Subject) => boolean,
  family: Family = "wrapped",
): Rule<Subject> {
  return { texts: [text], find: (subject) => (isBroken(subject) ? refusal(TEXTS[text], family) : undefined) };
}

/** `broken` gives the values that the text quotes, or undefined when all is well. */
export function quotingRule<Subject, Name extends QuotingText>(
  text: Name,
  broken: (subject: Subject) => OrTuple<Quoted<Name>> | undefined,
  family: Family = "wrapped",
): Rule<Subject> {
  // The index type loses which text it is; Quoted names its parameters.
  const textOf = TEXTS[text] as unknown as (...quoted: OrTuple<Quoted<Name>>) => string;
  return {
    texts: [text],
    find: (subject) => {
      const quoted = broken(subject);
      return quoted === undefined ? undefined : refusal(textOf(...quoted), family);
    },
  };
}

/** The rules of a part of the request, when it is there. */
export function within<Subject, Part>(
  part: (subject: Subject) => Part | undefined,
  rules: readonly Rule<Part>[],
): Rule<Subject> {
  return each((subject) => {
    const found = part(subject);
    return found === undefined ? [] : [found];
  }, rules);
}

/** The rules of each entry of a list, entry by entry. */
export function each<Subject, Entry>(
  entries: (subject: Subject) => readonly Entry[] | undefined,
  rules: readonly Rule<Entry>[],
): Rule<Subject> {
  return {
    texts: rules.flatMap(({ texts }) => texts),
    find: (subject) => {
      for (const entry of entries(subject) ?? []) {
        const problem = firstProblem(rules, entry);
        if (problem !== undefined) return problem;
      }
      return undefined;
    },
  };
}

/** @throws the error of the first broken rule. */
export function check<Subject>(rules: readonly Rule<Subject>[], subject: Subject): void {
  const problem = firstProblem(rules, subject);
  if (problem !== undefined) throw problem;
}

function firstProblem<Subject>(rules: readonly Rule<Subject>[], subject: Subject): ApiError | undefined {
  for (const { find } of rules) {
    const problem = find(subject);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

function refusal(text: string, family: Family): ApiError {
  return family === "bare" ? clientException(text) : validationException(text);
}
