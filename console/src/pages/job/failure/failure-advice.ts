import type { AttemptStory } from "../../../../../src/core/explain/explanation.ts";
import type { AttemptView } from "../attempts.ts";

/** What usually helps, where the end of the last attempt says so much. */
export function adviceFor(end: AttemptStory["end"] | undefined, last: AttemptView | undefined): string | undefined {
  if (end === "out-of-memory") {
    return "What to do: ask for more memory. The tag longshore:memory-ladder gives later attempts more by itself.";
  }
  if (end === "infrastructure") return "What to do: run it again. Its program is not to blame.";
  if (end === "stopped") return undefined;
  switch (last?.exitCode) {
    case 127:
      return "What to do: 127 is a shell's word for a command that was not found. Look at the command and the image.";
    case 126:
      return "What to do: 126 is a shell's word for a file that cannot be executed. Look at its permissions and at the machine's architecture.";
    case 137:
      return "What to do: it was killed. Where it was not stopped by somebody, it may have had too little memory.";
    case undefined:
      return end === "not-started"
        ? "What to do: the container never ran. The reason tells what its driver said: often the image's name, or the command."
        : undefined;
    default:
      return undefined;
  }
}
