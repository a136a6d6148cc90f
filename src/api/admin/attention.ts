import type { AttentionItem } from "../../core/attention/attention-item.ts";
import { byWeight } from "../../core/attention/attention-item.ts";
import type { FailedJob } from "../../core/attention/failure-attention.ts";
import { failureAttention } from "../../core/attention/failure-attention.ts";
import { queueAttention } from "../../core/attention/queue-attention.ts";
import { requirementsOf } from "../../core/job.ts";
import type { AttentionReport } from "../../ports/attention-report.ts";
import type { QueueSettings, ResourceRecord } from "../../ports/store.ts";
import type { Backend } from "../batch/backend.ts";
import { queuesWith } from "../batch/queues/queue-lookup.ts";
import type { MachineBackend } from "../ecs/backend.ts";
import { allEnvironments } from "../ecs/clusters.ts";
import type { Call } from "../wire/operations.ts";
import type { HostBackend } from "./hosts/hosts.ts";
import { listHosts } from "./hosts/hosts.ts";

const MOST_TOLD = 50;
/** Looked at, of each account. */
const MOST_QUEUES = 200;
const FAILED_OF_QUEUE = 50;
const LOOKED_BACK_MS = 3_600_000;
/** Of the disk's space. */
const NEARLY_FULL = 0.95;

/** What of the machine every account is concerned by. */
export interface DiskReader {
  /** Of the file system that has the data directory; undefined where nobody knows. */
  (): Promise<{ readonly freeBytes: number; readonly totalBytes: number } | undefined>;
}

export type AttentionBackend = Backend & MachineBackend & HostBackend & { readonly disk: DiskReader };

/** What needs somebody's attention in an account and region, each with its fix. For who may describe queues, environments and jobs. */
export async function listAttention(backend: AttentionBackend, call: Call): Promise<AttentionReport> {
  for (const action of [
    "batch:DescribeJobQueues",
    "batch:DescribeComputeEnvironments",
    "batch:DescribeJobs",
    "batch:ListJobs",
  ]) {
    const denied = call.denial(action, "*");
    if (denied !== undefined) throw denied;
  }
  const queues = (await queuesWith(backend, call, () => true)).slice(0, MOST_QUEUES);
  const parts = await Promise.all([
    ofFailures(backend, queues),
    ofEnvironments(backend, call),
    ofHosts(backend, call),
    ofDisk(backend),
  ]);
  const items = [...ofQueues(backend, queues), ...parts.flat()].toSorted(byWeight);
  return { items: items.slice(0, MOST_TOLD), itemCount: items.length };
}

function ofQueues({ scheduler, clock }: Backend, queues: readonly ResourceRecord<QueueSettings>[]): AttentionItem[] {
  return queues.flatMap(({ arn, name, settings }) => {
    const [first] = scheduler.snapshot(arn).front;
    if (first === undefined) return [];
    const front = { name, isEnabled: settings.state !== "DISABLED", since: first.since };
    return queueAttention({ ...front, explanation: scheduler.explain(first.jobId) }, clock.now());
  });
}

async function ofFailures(
  { store, clock }: Backend,
  queues: readonly ResourceRecord<QueueSettings>[],
): Promise<AttentionItem[]> {
  const since = clock.now() - LOOKED_BACK_MS;
  const failed: FailedJob[] = [];
  for (const { arn } of queues) {
    for (const { job } of await store.jobs.list(arn, { status: "FAILED", limit: FAILED_OF_QUEUE })) {
      const { id, definitionArn, state } = job;
      // Nobody needs to be told what he has done himself.
      if ((state.stoppedAt ?? 0) < since || state.isTerminated === true || state.isCancelled === true) continue;
      failed.push({ id, definitionArn, state, memoryMiB: requirementsOf(job).memoryMiB });
    }
  }
  return failureAttention(failed);
}

async function ofEnvironments(backend: MachineBackend, call: Call): Promise<AttentionItem[]> {
  const environments = await allEnvironments(backend, call);
  return environments
    .filter(({ status }) => status === "INVALID")
    .map(({ name, statusReason }) => ({
      ...{ kind: "environment-invalid", severity: "error" },
      title: `Environment ${name} is INVALID`,
      reason: statusReason,
      href: `/environments/${encodeURIComponent(name)}`,
      action: {
        kind: "open",
        label: "Edit the environment",
        href: `/environments/${encodeURIComponent(name)}?action=edit`,
      },
    }));
}

async function ofHosts(backend: HostBackend, call: Call): Promise<AttentionItem[]> {
  const { hosts } = await listHosts(backend, call);
  return hosts
    .filter(({ sight }) => sight === "out-of-sight" || sight === "lost")
    .map(({ name, computeEnvironment, unseenSince, problem, sight, jobs }) => ({
      ...{ kind: "host-silent", severity: sight === "lost" ? "error" : "warning" },
      ...(unseenSince !== undefined && { since: unseenSince }),
      title: `Host ${name} does not answer`,
      reason: [
        problem ?? "Its container engine cannot be reached.",
        sight === "lost" ? "What ran there counts as lost." : `${jobs.length} jobs are on it.`,
      ].join(" "),
      href: `/environments/${encodeURIComponent(computeEnvironment)}?tab=hosts`,
    }));
}

async function ofDisk({ disk }: AttentionBackend): Promise<AttentionItem[]> {
  const space = await disk();
  if (space === undefined || space.freeBytes > space.totalBytes * (1 - NEARLY_FULL)) return [];
  const percent = Math.floor(100 - (100 * space.freeBytes) / space.totalBytes);
  return [
    {
      ...{ kind: "disk-full", severity: percent >= 99 ? "error" : "warning" },
      title: `The server's disk is ${percent} % full`,
      reason:
        "Jobs' logs and the database are on it: without space nothing new is accepted. Remove what is not needed, give log groups a retention, or keep less history (longshore up --history).",
      href: "/",
    },
  ];
}
