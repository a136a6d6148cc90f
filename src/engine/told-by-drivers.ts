import { isInCluster } from "../core/clusters/room.ts";
import type { Explanation } from "../core/explain/explanation.ts";
import type { InstanceUse } from "../core/instances/instance-use.ts";
import { instancesOf } from "../core/instances/instance-use.ts";
import { machinesAsInstances } from "../core/clusters/machines.ts";
import { activeAttempt } from "../core/job.ts";
import type { World } from "../core/world.ts";
import type { DriverSet } from "./driver-set.ts";
import { runsOf } from "./runs.ts";

/** What drivers know and the world does not. */

type Drivers = Pick<DriverSet, "get">;

/** The machines of a cluster are its driver's to tell. */
export function shownInstances(
  world: World,
  drivers: Drivers,
  environmentArn: string,
): readonly InstanceUse[] | undefined {
  const environment = world.environments.get(environmentArn);
  if (environment === undefined || !isInCluster(environment)) return instancesOf(world, environmentArn);
  return machinesAsInstances(world, environmentArn, drivers.get(environment.driver)?.machines?.() ?? []);
}

/** With what an attempt that is starting waits for, or those pods which hold up a job that waits for its cluster. */
export function withDriversWord(world: World, drivers: Drivers, explanation: Explanation): Explanation {
  const waitsFor = explanation.status === "STARTING" ? wordsOf(world, drivers, explanation.jobId) : [];
  const heldUpBy = explanation.blockers.flatMap((blocker) =>
    blocker.kind === "placement"
      ? blocker.environments.flatMap(({ obstacles }) => obstacles.flatMap(podsInTheWay))
      : [],
  );
  const words = [
    ...waitsFor,
    ...heldUpBy.flatMap((jobId) => wordsOf(world, drivers, jobId).map((word) => `${jobId}: ${word}`)),
  ];
  return words.length === 0 ? explanation : { ...explanation, waitsFor: [...new Set(words)].slice(0, MOST_WORDS) };
}

/** Who wants to know more looks at the jobs one by one. */
const MOST_WORDS = 10;
const MOST_PODS_ASKED = 3;

function podsInTheWay(obstacle: {
  readonly kind: string;
  readonly waiting?: readonly { readonly jobId?: string }[];
}): string[] {
  if (obstacle.kind !== "cluster-backlog") return [];
  return (obstacle.waiting ?? []).flatMap(({ jobId }) => jobId ?? []).slice(0, MOST_PODS_ASKED);
}

function wordsOf(world: World, drivers: Drivers, jobId: string): string[] {
  const job = world.jobs.get(jobId);
  if (job === undefined || activeAttempt(job.state) === undefined) return [];
  return runsOf(job).flatMap(({ driver, attemptId, isStarting }) =>
    isStarting ? (drivers.get(driver)?.waitsFor?.(attemptId) ?? []) : [],
  );
}
