import type { Argument, Command, Option } from "commander";

/** Something that may stand where the cursor is. */
export interface Candidate {
  readonly value: string;
  readonly about: string;
}

/** What only a server knows. */
export type LiveKind = "queue" | "environment" | "definition" | "job";

export interface Completion {
  readonly candidates: readonly Candidate[];
  /** Names of this kind, too. */
  readonly live?: LiveKind;
}

const NOTHING: Completion = { candidates: [] };

/** By the names of options. */
const LIVE_OPTIONS: Readonly<Record<string, LiveKind>> = {
  "--queue": "queue",
  "--job-queue": "queue",
  "--environment": "environment",
  "--definition": "definition",
  "--depends-on": "job",
  "--array": "job",
  "--job": "job",
};

/** By what commands say of their arguments. */
const LIVE_ARGUMENTS: readonly (readonly [RegExp, LiveKind])[] = [
  [/^job ids?\b/, "job"],
  [/^job queue\b/, "queue"],
  [/^compute environment\b/, "environment"],
];

/**
 * What may come next, by the commands as they are.
 *
 * @param words what stands behind the program's name, up to the cursor: the last one is begun, perhaps empty.
 */
export function complete(program: Command, words: readonly string[]): Completion {
  // Shells take `--option=value` apart.
  const before = words.slice(0, -1).filter((word) => word !== "=");
  const current = words.at(-1) === "=" ? "" : (words.at(-1) ?? "");
  let command = program;
  let places = 0;
  let expects: Option | undefined;
  for (const word of before) {
    if (expects !== undefined) {
      expects = undefined;
      continue;
    }
    // What comes then is the job's own.
    if (word === "--") return NOTHING;
    if (word.startsWith("-")) {
      expects = word.includes("=") ? undefined : takingValue(optionOf(command, word));
      continue;
    }
    const child =
      places === 0 ? command.commands.find((one) => one.name() === word || one.aliases().includes(word)) : undefined;
    if (child === undefined) places += 1;
    else command = child;
  }
  if (expects !== undefined) return only(valuesOf(expects), current);
  if (current.startsWith("-")) return only({ candidates: optionsOf(command) }, current);
  if (places === 0 && command.commands.length > 0) return only({ candidates: commandsOf(command) }, current);
  return only(valuesAt(command.registeredArguments, places), current);
}

function only({ candidates, ...live }: Completion, current: string): Completion {
  return { candidates: candidates.filter(({ value }) => value.startsWith(current)), ...live };
}

function optionOf(command: Command, flag: string): Option | undefined {
  return command.options.find(({ long, short }) => flag === long || flag === short);
}

function takingValue(option: Option | undefined): Option | undefined {
  return option?.required === true || option?.optional === true ? option : undefined;
}

function valuesOf({ long, argChoices = [] }: Option): Completion {
  const live = LIVE_OPTIONS[long ?? ""];
  return { candidates: choices(argChoices), ...(live !== undefined && argChoices.length === 0 && { live }) };
}

function valuesAt(known: readonly Argument[], place: number): Completion {
  const argument = known[place] ?? (known.at(-1)?.variadic === true ? known.at(-1) : undefined);
  if (argument === undefined) return NOTHING;
  const live = LIVE_ARGUMENTS.find(([words]) => words.test(argument.description))?.[1];
  return { candidates: choices(argument.argChoices ?? []), ...(live !== undefined && { live }) };
}

function choices(values: readonly string[]): Candidate[] {
  return values.map((value) => ({ value, about: "" }));
}

function optionsOf(command: Command): Candidate[] {
  const options = command.createHelp().visibleOptions(command);
  return options.flatMap(({ long, short, description }) => {
    const value = long ?? short;
    return value === undefined || value === null ? [] : [{ value, about: description }];
  });
}

function commandsOf(command: Command): Candidate[] {
  const commands = command.createHelp().visibleCommands(command);
  return commands.map((one) => ({ value: one.name(), about: one.summary() || one.description() }));
}
