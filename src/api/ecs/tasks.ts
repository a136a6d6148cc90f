import type { Failure } from "@aws-sdk/client-ecs";
import { containerInstanceId, familyOf, taskArn } from "../../core/ecs-names.ts";
import { ecsTasks, taskStatus } from "../../core/ecs-tasks.ts";
import type { EcsTask } from "../../core/ecs-tasks.ts";
import type { Job } from "../../core/job.ts";
import { activeAttempt } from "../../core/job.ts";
import { scopeOf } from "../batch/names.ts";
import { invalidParameterException } from "../wire/errors.ts";
import type { Call, EcsHandlers, EcsInput } from "../wire/operations.ts";
import type { MachineBackend } from "./backend.ts";
import type { EnvironmentRecord } from "./clusters.ts";
import { findCluster, launchTypeOf, runsOnInstances } from "./clusters.ts";
import { ecsArn, memberIdOf } from "./identifiers.ts";
import { page } from "./page.ts";
import { taskDetail } from "./task-detail.ts";
import { findTasks } from "./task-lookup.ts";
import { ECS_TEXTS } from "./texts.ts";

const MAX_TASKS = 100;
const DESIRED = ["PENDING", "RUNNING", "STOPPED"];
const LAUNCH_TYPES = ["EC2", "FARGATE", "EXTERNAL", "MANAGED_INSTANCES"];

/** Tasks: each is an attempt of a job, or one node of an attempt. */
export function taskHandlers(backend: MachineBackend): Required<Pick<EcsHandlers, "DescribeTasks" | "ListTasks">> {
  const { store, scheduler } = backend;
  return {
    async DescribeTasks({ cluster, tasks, include = [] }, call) {
      if (tasks.length === 0) throw invalidParameterException(ECS_TEXTS.empty("Tasks"));
      if (tasks.length > MAX_TASKS) throw invalidParameterException(ECS_TEXTS.tooMany("tasks", MAX_TASKS));
      const { name, environment } = await findCluster(backend, call, cluster);
      const ids = [...new Set(tasks.map((id) => memberIdOf(call, "task", name, id)))];
      const known = await findTasks(store.jobs, ids);
      const found = ids.flatMap((id) => {
        const one = known.get(id);
        const isHere = one?.job.scope === scopeOf(call) && one.task.attempt.environmentArn === environment.arn;
        return isHere ? [one] : [];
      });
      const foundIds = new Set(found.map(({ task }) => task.id));
      const failures: Failure[] = ids
        .filter((id) => !foundIds.has(id))
        .map((id) => ({ arn: ecsArn(call, "task", `${name}/${id}`), reason: "MISSING" }));
      return { tasks: found.map((one) => taskDetail(one, environment, include.includes("TAGS"))), failures };
    },

    /** Of the tasks that are not over; ECS itself forgets stopped ones within the hour. */
    async ListTasks(input, call) {
      checkListing(input);
      const { name, environment } = await findCluster(backend, call, input.cluster);
      const jobs = scheduler.occupancy(environment.arn)?.jobs ?? [];
      const ofFamily = input.family ? await jobsOfFamily(backend, call, jobs, input.family) : jobs;
      const isWanted = chosenTasks(input, call, name, environment);
      const tasks = ofFamily.flatMap(({ scheduling, state }) => ecsTasks(scheduling, activeAttempt(state)!));
      const ids = tasks.flatMap((task) => (isWanted(task) ? task.id : [])).sort();
      const { nextToken, maxResults, ...query } = input;
      const { items, ...more } = page(backend, call, ["ListTasks", name, query], ids, { maxResults, nextToken });
      return { taskArns: items.map((id) => taskArn(environment.arn, id)), ...more };
    },
  };
}

type Listing = EcsInput<"ListTasks">;

function checkListing({ desiredStatus = "RUNNING", launchType = "EC2" }: Listing): void {
  if (!DESIRED.includes(desiredStatus)) {
    throw invalidParameterException(ECS_TEXTS.value("desiredStatus", desiredStatus, DESIRED));
  }
  if (!LAUNCH_TYPES.includes(launchType)) {
    throw invalidParameterException(ECS_TEXTS.value("launchType", launchType, LAUNCH_TYPES));
  }
}

/** Which tasks of the cluster a request asks for. Batch starts tasks for no service and in nobody's name. */
function chosenTasks(
  input: Listing,
  call: Call,
  cluster: string,
  environment: EnvironmentRecord,
): (task: EcsTask) => boolean {
  const { containerInstance, launchType, serviceName, startedBy, daemonName, desiredStatus = "RUNNING" } = input;
  const member = containerInstance && memberIdOf(call, "container-instance", cluster, containerInstance);
  const isNone =
    [serviceName, startedBy, daemonName].some(Boolean) ||
    (launchType !== undefined && launchType !== launchTypeOf(environment)) ||
    (member && !runsOnInstances(environment));
  if (isNone) return () => false;
  return (task) => isDesired(task, desiredStatus) && (!member || containerInstanceId(task.instanceId) === member);
}

/** ECS's desiredStatus of PENDING finds nothing: a task is never wanted to be so. */
function isDesired(task: EcsTask, desiredStatus: string): boolean {
  const isToStop = task.attempt.stopping !== undefined || taskStatus(task) === "STOPPED";
  return desiredStatus === (isToStop ? "STOPPED" : "RUNNING");
}

async function jobsOfFamily(
  { store }: MachineBackend,
  call: Call,
  jobs: readonly Job[],
  family: string,
): Promise<readonly Job[]> {
  const records = await store.jobs.find(
    scopeOf(call),
    jobs.map(({ id }) => id),
  );
  const ofFamily = records.filter(({ definitionArn }) => familyOf(definitionArn) === family);
  const ids = new Set(ofFamily.map(({ id }) => id));
  return jobs.filter(({ id }) => ids.has(id));
}
