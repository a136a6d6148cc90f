import type { Explanation } from "../explain/explanation.ts";
import type { AttentionItem } from "./attention-item.ts";
import type { WaitingFront } from "./queue-attention.ts";

/** An environment that has a maximum, and what there is of it. */
export interface BoundedEnvironment {
  readonly arn: string;
  readonly name: string;
  readonly maxVcpuMilli: number;
  /** Of its instances, or where it has none, of what runs in it. */
  readonly heldVcpuMilli: number;
  /** What it could have at most if its maximum were higher; Infinity where nobody knows, as of a cluster. */
  readonly mostVcpuMilli: number;
}

/** What runs may end in a moment. */
const SOON_MS = 10_000;
/** A job that waits for these starts where there is more of the environment. */
const WAITS_FOR_ROOM = new Set(["capacity", "instance-room", "cluster-full"]);

/** Environments whose maximum alone keeps the first job of a queue waiting: with more of it there would be room. */
export function environmentAttention(
  environments: readonly BoundedEnvironment[],
  fronts: readonly WaitingFront[],
  now: number,
): AttentionItem[] {
  return environments.flatMap(({ arn, name, maxVcpuMilli, heldVcpuMilli, mostVcpuMilli }): AttentionItem[] => {
    const waiting = fronts.filter(({ isEnabled, since, explanation, wantedVcpuMilli = 0 }) => {
      const needed = heldVcpuMilli + wantedVcpuMilli;
      const isBound = wantedVcpuMilli <= maxVcpuMilli && needed > maxVcpuMilli && needed <= mostVcpuMilli;
      return isEnabled && now - since >= SOON_MS && isBound && waitsForRoomIn(arn, explanation);
    });
    const [first] = waiting.toSorted((a, b) => a.since - b.since);
    if (first === undefined) return [];
    const most = Math.floor(mostVcpuMilli / 1000);
    const needed = Math.ceil(
      Math.max(...waiting.map(({ wantedVcpuMilli }) => heldVcpuMilli + wantedVcpuMilli!)) / 1000,
    );
    const proposed = Math.min(most, Math.max(needed, Math.ceil((2 * maxVcpuMilli) / 1000)));
    const others = waiting.length === 1 ? "" : `, and ${waiting.length - 1} more`;
    return [
      {
        ...{ kind: "environment-full", severity: "info", since: first.since },
        title: `Environment ${name} is at its maximum of ${maxVcpuMilli / 1000} vCPUs, and jobs wait`,
        reason: `${heldVcpuMilli / 1000} vCPUs are taken, and the first job of queue ${first.name}${others} asks for ${first.wantedVcpuMilli! / 1000}.${most === Infinity ? "" : ` There could be ${most}.`}`,
        href: `/environments/${encodeURIComponent(name)}`,
        action: {
          kind: "open",
          label: `Raise its maximum to ${proposed}`,
          href: `/environments/${encodeURIComponent(name)}?action=edit&maxvCpus=${proposed}`,
        },
      },
    ];
  });
}

function waitsForRoomIn(environmentArn: string, explanation: Explanation | undefined): boolean {
  const verdicts = explanation?.blockers.flatMap((blocker) =>
    blocker.kind === "placement" ? blocker.environments : [],
  );
  const own = verdicts?.find((verdict) => verdict.environmentArn === environmentArn);
  return own !== undefined && own.obstacles.length > 0 && own.obstacles.every(({ kind }) => WAITS_FOR_ROOM.has(kind));
}
