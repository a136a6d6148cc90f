import { Argument, Command } from "commander";
import { complete } from "../completion/candidates.ts";
import { liveCandidates } from "../completion/live.ts";
import { SCRIPTS } from "../completion/scripts.ts";
import { oneLine } from "../neutral.ts";
import { writeLine } from "../output.ts";

type Shell = keyof typeof SCRIPTS;

export function completionCommand(): Command {
  return new Command("completion")
    .summary("what a shell needs to complete commands, options, queues and job ids")
    .description(
      'Prints a script for the shell. For good: eval "$(longshore completion bash)" in ~/.bashrc, the same with zsh in ~/.zshrc, or `longshore completion fish | source` in config.fish.',
    )
    .addArgument(new Argument("<shell>", "whose script it is").choices(Object.keys(SCRIPTS)))
    .action((shell: Shell) => writeLine(process.stdout, SCRIPTS[shell].trimEnd()));
}

/** What the scripts ask, with each word up to the cursor. Nobody else does. */
export function completeCommand(program: Command): Command {
  return new Command("complete")
    .argument("[words...]")
    .passThroughOptions()
    .allowUnknownOption()
    .action(async (words: readonly string[]) => {
      const { candidates, live } = complete(program, words);
      const more =
        live === undefined
          ? []
          : await liveCandidates(connectionIn(words), live, words.at(-1)?.replace(/^=$/, "") ?? "");
      for (const { value, about } of [...candidates, ...more]) {
        await writeLine(process.stdout, `${value}\t${oneLine(about).slice(0, ABOUT_MAX)}`);
      }
    });
}

const ABOUT_MAX = 80;

/** Whoever has typed where the server is is told what that one knows. */
function connectionIn(words: readonly string[]): { readonly endpoint?: string; readonly dataDir?: string } {
  const after = (option: string): string | undefined => {
    const at = words.lastIndexOf(option);
    const value = at === -1 ? undefined : words[words[at + 1] === "=" ? at + 2 : at + 1];
    return value === "" ? undefined : value;
  };
  const [endpoint, dataDir] = [after("--endpoint"), after("--data-dir")];
  return { ...(endpoint !== undefined && { endpoint }), ...(dataDir !== undefined && { dataDir }) };
}
