import type { ReportedCapacity } from "../ports/capacity-reports.ts";
import type { HostReport } from "../ports/host-reports.ts";
import { oneLine } from "./neutral.ts";
import { count, moment, table } from "./text.ts";

/** Hosts for people, one a line, and below what is wrong with those that do not answer. */
export function hostTable(hosts: readonly HostReport[]): string {
  const rows = hosts.map((host) => [
    ...[host.name, host.computeEnvironment, stateText(host), capacityText(host.total)],
    ...[host.jobs.length === 0 ? "-" : `${capacityText(host.inUse)} (${count(host.jobs.length, "job")})`],
    ...[host.engineVersion, host.endpoint],
  ]);
  const header = ["HOST", "ENVIRONMENT", "STATE", "CAPACITY", "IN USE", "ENGINE", "ENDPOINT"];
  return [table(header, rows), ...hosts.flatMap(problemText)].join("\n");
}

/** `active`; one that does not answer with the time since when. */
export function stateText({ state, sight, unseenSince }: HostReport): string {
  switch (sight) {
    case "in-sight":
      return state;
    case "connecting":
      return `${state}, connecting`;
    case "out-of-sight":
      return `${state}, does not answer since ${moment(unseenSince)}`;
    case "lost":
      return `${state}, lost since ${moment(unseenSince)}`;
  }
}

export function capacityText({ vcpus, memoryMiB, gpus }: ReportedCapacity): string {
  return [`${vcpus} vCPU`, `${memoryMiB} MiB`, ...(gpus > 0 ? [`${gpus} GPU`] : [])].join(", ");
}

function problemText({ name, problem }: HostReport): string[] {
  return problem === undefined ? [] : [oneLine(`${name} does not answer: ${problem}`)];
}
