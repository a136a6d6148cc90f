import type { Explanation, Sentences } from "../explain/explanation.ts";
import type { AttentionAction, AttentionItem } from "./attention-item.ts";

/** A queue whose front waits. */
export interface WaitingFront {
  readonly name: string;
  readonly isEnabled: boolean;
  /** Epoch ms: since when its first job is first. */
  readonly since: number;
  /** Of the first job; undefined while the scheduler has none. */
  readonly explanation: Explanation | undefined;
  /** What the first job asks for, with all its nodes; undefined where nobody knows. */
  readonly wantedVcpuMilli?: number;
}

/** Waiting for room is what queues are for: it is told only after so long. */
const LONG_MS = 10 * 60_000;
/** What may pass by itself in a moment is not told. */
const SOON_MS = 5_000;

/** These go away by themselves, when other jobs end. */
const PASSING = new Set([
  "cluster-full",
  "cluster-backlog",
  "capacity",
  "instances",
  "nodes",
  "room",
  "quota",
  "above-quota",
  "reservation",
  "queue-limit",
  "crowded",
]);

/** What is to be told of a queue, if anything: why its first job waits, and what helps. */
export function queueAttention(front: WaitingFront, now: number): AttentionItem[] {
  const { name, isEnabled, since, explanation, wantedVcpuMilli } = front;
  const jobs = `/jobs?queue=${encodeURIComponent(name)}&status=RUNNABLE`;
  if (!isEnabled) {
    return [
      {
        ...{ kind: "queue-disabled", severity: "warning", since },
        title: `Queue ${name} is disabled, and jobs wait in it`,
        reason: "Jobs that were submitted before it was disabled start when it is enabled again.",
        href: jobs,
        action: { kind: "enable-queue", label: "Enable the queue", jobQueue: name },
      },
    ];
  }
  if (explanation === undefined || explanation.blockers.length === 0 || now - since < SOON_MS) return [];
  const facts = factsOf(explanation);
  const isPassing = facts.every(({ kind }) => PASSING.has(kind));
  if (isPassing && now - since < LONG_MS) return [];
  const told = facts.find(({ kind }) => !PASSING.has(kind)) ?? facts[0]!;
  return [
    {
      kind: isPassing ? "queue-waits" : "queue-blocked",
      severity: isPassing ? "info" : "error",
      since,
      title: isPassing ? `Queue ${name} has waited for room for long` : `Queue ${name} does not move`,
      reason: [...new Set([told.text, told.fix])].join(" "),
      href: `/jobs/${encodeURIComponent(explanation.jobId)}`,
      action: actionFor(told, name, wantedVcpuMilli),
    },
  ];
}

type StatedFact = Sentences & { readonly kind: string; readonly environment?: string; readonly jobId?: string };

/** Each thing that keeps the job waiting; what environments say one by one, as that is more exact than what it all comes to. */
function factsOf({ blockers }: Explanation): StatedFact[] {
  return blockers.flatMap((blocker): StatedFact[] => {
    if (blocker.kind !== "placement") {
      const { kind, text, fix } = blocker;
      return [{ kind, text, fix, ...(kind === "dependency" && { jobId: blocker.jobId }) }];
    }
    const obstacles = blocker.environments.flatMap(({ environmentArn, obstacles: own }) =>
      own.map(({ kind, text, fix }) => ({ kind, text, fix, environment: nameOf(environmentArn) })),
    );
    return obstacles.length > 0 ? obstacles : [{ kind: blocker.reason.kind, text: blocker.text, fix: blocker.fix }];
  });
}

function actionFor(
  { kind, environment, jobId }: StatedFact,
  queue: string,
  wantedVcpuMilli: number | undefined,
): AttentionAction {
  const open = (label: string, href: string): AttentionAction => ({ kind: "open", label, href });
  if (jobId !== undefined) return open("Look at the job that it waits for", `/jobs/${encodeURIComponent(jobId)}`);
  if (environment !== undefined) {
    const page = `/environments/${encodeURIComponent(environment)}`;
    if (kind === "disabled")
      return { kind: "enable-environment", label: "Enable the environment", computeEnvironment: environment };
    if (kind === "unmanaged") return open("Add a host", `${page}?action=add-host`);
    if (kind === "above-environment-maximum" && wantedVcpuMilli !== undefined)
      return open("Raise its maximum", `${page}?action=edit&maxvCpus=${Math.ceil(wantedVcpuMilli / 1000)}`);
    if (kind !== "gone") return open("Edit the environment", `${page}?action=edit`);
  }
  if (kind === "consumable") return open("Consumable resources", "/consumables");
  return open("Edit the queue", `/queues/${encodeURIComponent(queue)}?action=edit`);
}

function nameOf(arn: string): string {
  return arn.slice(arn.lastIndexOf("/") + 1);
}
