import type { AttentionItem } from "../../../core/attention/attention-item.ts";
import { byWeight } from "../../../core/attention/attention-item.ts";
import { environmentAttention } from "../../../core/attention/environment-attention.ts";
import { queueAttention } from "../../../core/attention/queue-attention.ts";
import { targetAttention } from "../../../core/attention/target-attention.ts";
import type { AttentionReport } from "../../../ports/attention-report.ts";
import type { EventTargets } from "../../../ports/event-targets.ts";
import type { Present } from "../../../ports/present.ts";
import type { QueueSettings, ResourceRecord } from "../../../ports/store.ts";
import { queuesWith } from "../../batch/queues/queue-lookup.ts";
import type { Backend } from "../../batch/backend.ts";
import type { MachineBackend } from "../../ecs/backend.ts";
import { allEnvironments } from "../../ecs/clusters.ts";
import type { AdmittedCall } from "../../server.ts";
import type { Call } from "../../wire/operations.ts";
import { TARGET_ACTIONS } from "../../events/target-actions.ts";
import { boundedEnvironments } from "./bounded-environments.ts";
import { attentionOfFailures } from "./failures.ts";
import { waitingFronts } from "./waiting-fronts.ts";
import type { HostBackend } from "../hosts/hosts.ts";
import { listHosts } from "../hosts/hosts.ts";

const MOST_TOLD = 50;
/** Looked at, of each account. */
const MOST_QUEUES = 200;
/** Of the disk's space. */
const NEARLY_FULL = 0.95;

/** What of the machine every account is concerned by. */
export interface DiskReader {
  /** Of the file system that has the data directory; undefined where nobody knows. */
  (): Promise<{ readonly freeBytes: number; readonly totalBytes: number } | undefined>;
}

export type AttentionBackend = Backend &
  MachineBackend &
  HostBackend & {
    readonly disk: DiskReader;
    readonly present: Pick<Present, "facts">;
    readonly targets: Pick<EventTargets, "states">;
  };

/** What needs somebody's attention in an account and region, each with its fix. For who may describe queues, environments and jobs. */
export async function listAttention(backend: AttentionBackend, call: AdmittedCall): Promise<AttentionReport> {
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
    ofRoom(backend, call, queues),
    attentionOfFailures(backend, call, queues),
    ofEnvironments(backend, call),
    ofHosts(backend, call),
    ofTargets(backend, call),
    ofDisk(backend),
  ]);
  const items = parts.flat().toSorted(byWeight);
  return { items: items.slice(0, MOST_TOLD), itemCount: items.length };
}

/** Of queues whose first job waits, and of environments that it would fit into if their maximum were higher. */
async function ofRoom(
  backend: AttentionBackend,
  call: Call,
  queues: readonly ResourceRecord<QueueSettings>[],
): Promise<AttentionItem[]> {
  const now = backend.clock.now();
  const fronts = await waitingFronts(backend, call, queues);
  if (fronts.length === 0) return [];
  const full = environmentAttention(boundedEnvironments(backend, call), fronts, now);
  return [...fronts.flatMap((front) => queueAttention(front, now)), ...full];
}

/** Targets have events of all accounts: what becomes of them is for who is trusted with that. */
async function ofTargets({ targets }: AttentionBackend, { mayForAll }: AdmittedCall): Promise<AttentionItem[]> {
  if (!mayForAll(TARGET_ACTIONS.read)) return [];
  return targetAttention(await targets.states(), mayForAll(TARGET_ACTIONS.change));
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
    },
  ];
}
