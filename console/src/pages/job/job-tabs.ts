import type { JobDetail } from "@aws-sdk/client-batch";
import { hasNodes, isArray, isWaiting } from "./job-state.ts";

export type JobTab =
  | "waiting"
  | "failure"
  | "children"
  | "nodes"
  | "logs"
  | "timeline"
  | "usage"
  | "graph"
  | "details"
  | "copy"
  | "json";

const LABELS: Readonly<Record<JobTab, string>> = {
  waiting: "Why it waits",
  failure: "What went wrong",
  children: "Children",
  nodes: "Nodes",
  logs: "Logs",
  timeline: "Timeline",
  usage: "Use and cost",
  graph: "Dependencies",
  details: "As it ran",
  copy: "Copy as",
  json: "JSON",
};

export function labelOf(tab: JobTab): string {
  return LABELS[tab];
}

/** What there is to see of a job; first what one most wants to know while it is in its state. */
export function tabsOf(job: JobDetail): JobTab[] {
  const waits = isWaiting(job) || job.status === "STARTING";
  const own: JobTab[] = isArray(job) ? ["children"] : [...(hasNodes(job) ? ["nodes" as const] : []), "logs"];
  const first: JobTab[] = waits ? ["waiting"] : job.status === "FAILED" && !isArray(job) ? ["failure"] : [];
  return [...first, ...own, "timeline", "usage", "graph", "details", "copy", "json"];
}
