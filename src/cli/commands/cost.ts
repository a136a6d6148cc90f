import { InvalidArgumentError, type Command } from "commander";
import type { AdviceReport, CostReport } from "../../ports/cost-report.ts";
import { adminCall } from "../admin-call.ts";
import { clientCommand, wholeNumber, withConnection, type ClientOptions } from "../command.ts";
import type { Connection } from "../connection.ts";
import { adviceText, costText } from "../cost-text.ts";
import type { Result } from "../output.ts";

interface CostOptions extends ClientOptions {
  readonly by: string;
  readonly from?: string;
  readonly to?: string;
  readonly queue?: string;
  readonly environment?: string;
  readonly share?: string;
  readonly job?: string;
  readonly limit: number;
  readonly advice?: boolean;
}

export function costCommand(): Command {
  return clientCommand("cost")
    .summary("what jobs used, and what they cost")
    .description(
      "Adds up what attempts asked for, used and cost: of those that ended in the time asked for, and of those that run until now. docs/cost.md says where prices come from.",
    )
    .option("--by <group>", "queue, share, environment, array (with its children), job, or tag:KEY", "queue")
    .option("--from <time>", "attempts that ended then or later: a date, a time, or 24h or 7d ago", moment)
    .option("--to <time>", "attempts that ended before", moment)
    .option("--queue <name>", "only of this job queue")
    .option("--environment <name>", "only in this compute environment")
    .option("--share <name>", "only of this share")
    .option("--job <id>", "only of this job, array or child")
    .option("--advice", "instead: what jobs asked for, and what would have been enough")
    .option("--limit <n>", "show at most so many groups, the most expensive ones", wholeNumber(1, 1_000), 100)
    .action((options: CostOptions) =>
      withConnection(options, async (connection) => {
        if (options.advice === true) return advise(connection, options);
        const report = await adminCall<CostReport>(
          connection,
          "GET",
          `/longshore/cost?${queryOf({ ...filterOf(options), by: options.by })}`,
        );
        return {
          data: report,
          text: costText(report),
          brief: report.groups.map(({ key }) => key).join("\n"),
        };
      }),
    );
}

async function advise(connection: Connection, options: CostOptions): Promise<Result> {
  const path = `/longshore/advice?${queryOf(filterOf(options))}`;
  const report = await adminCall<AdviceReport>(connection, "GET", path);
  const brief = report.sizes.map(({ jobDefinition }) => jobDefinition.slice(jobDefinition.lastIndexOf("/") + 1));
  return { data: report, text: adviceText(report), brief: brief.join("\n") };
}

function filterOf({ from, to, queue, environment, share, job, limit }: CostOptions) {
  return { from, to, queue, environment, share, job, limit: String(limit) };
}

function queryOf(members: Readonly<Record<string, string | undefined>>): string {
  // A space as %20: signatures know no other form.
  const given = Object.entries(members).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]]));
  return given.map(([name, value]) => `${name}=${encodeURIComponent(value!)}`).join("&");
}

const UNIT_MS: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000 };

/** What the server takes for a time; `24h`: so long ago. */
function moment(text: string): string {
  const [, amount, unit] = /^(\d{1,6})([mhd])$/.exec(text) ?? [];
  if (amount !== undefined) return new Date(Date.now() - Number(amount) * UNIT_MS[unit!]!).toISOString();
  if (/^\d{4}-\d\d-\d\d/.test(text) && !Number.isNaN(Date.parse(text))) return text;
  throw new InvalidArgumentError(
    "It must be a date or time, such as 2026-03-01 or 2026-03-01T12:00:00Z, or 24h or 7d.",
  );
}
