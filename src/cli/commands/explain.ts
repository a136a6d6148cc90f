import type { Command } from "commander";
import type { Explanation } from "../../core/explain/explanation.ts";
import { adminCall } from "../admin-call.ts";
import { clientCommand, withConnection, type ClientOptions } from "../command.ts";
import { explanationText } from "../explanation-text.ts";

export function explainCommand(): Command {
  return clientCommand("explain")
    .summary("why a job is where it is, and what to do about it")
    .description(
      "Says why a job does not start: each thing in its way and what to do about it, its place in the queue. Of a job that runs or is over, what became of it.",
    )
    .argument("<id>", "job id")
    .action((id: string, options: ClientOptions) =>
      withConnection(options, async (connection) => {
        const path = `/longshore/jobs/${encodeURIComponent(id)}/explanation`;
        const explanation = await adminCall<Explanation>(connection, "GET", path);
        return {
          data: explanation,
          text: explanationText(explanation),
          brief: explanation.blockers.map(({ kind }) => kind).join("\n"),
        };
      }),
    );
}
