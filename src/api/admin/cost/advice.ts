import { needOf } from "../../../core/cost/advice.ts";
import type { UseTotals } from "../../../core/cost/totals.ts";
import type { AdviceReport, SizeAdvice } from "../../../ports/cost-report.ts";
import type { Backend } from "../../batch/backend.ts";
import type { Call } from "../../wire/operations.ts";
import { readAdviceQuery } from "./cost-query.ts";
import { endedGroups, useQuery } from "./cost-report.ts";

/** What jobs asked for, and what they have shown to need. For who may describe jobs. */
export async function adviseSizes(backend: Backend, call: Call, search: string): Promise<AdviceReport> {
  const denied = call.denial("batch:DescribeJobs", "*");
  if (denied !== undefined) throw denied;
  const asked = readAdviceQuery(search);
  const query = {
    ...(await useQuery(backend, call, asked)),
    by: { kind: "size" },
    isMeasured: true,
    except: [],
  } as const;
  const sizes = [...(await endedGroups(backend.store.uses, query))].flatMap(([key, totals]) => adviceOf(key, totals));
  const sorted = sizes.toSorted((a, b) => b.spareMiBMs - a.spareMiBMs);
  return { sizes: sorted.slice(0, asked.limit).map(({ advice }) => advice), sizeCount: sorted.length };
}

function adviceOf(key: string, totals: UseTotals): { advice: SizeAdvice; spareMiBMs: number }[] {
  const [jobDefinition = "", ...amounts] = key.split(" ");
  const [vcpuMilli = 0, memoryMiB = 0] = amounts.map(Number);
  // Its history is just being removed.
  if (jobDefinition === "") return [];
  const { enoughMemoryMiB, ...need } = needOf({ vcpuMilli, memoryMiB }, totals);
  const advice = {
    ...{ jobDefinition, vcpus: vcpuMilli / 1000, memoryMiB, attempts: totals.attempts },
    ...{ ...need, vcpusUsed: Math.round(need.vcpusUsed * 1000) / 1000 },
    ...(enoughMemoryMiB !== undefined && { enoughMemoryMiB }),
  };
  const spareMiB = enoughMemoryMiB === undefined ? 0 : memoryMiB - enoughMemoryMiB;
  return [{ advice, spareMiBMs: memoryMiB === 0 ? 0 : (totals.memoryMiBMs / memoryMiB) * spareMiB }];
}
