import type { EcsProperties } from "@aws-sdk/client-batch";
import { CONTAINER_RULES } from "./container-rules.ts";
import type { EcsContainer, EcsTask, Place } from "./ecs-task.ts";
import { taskOf } from "./ecs-task.ts";
import { FARGATE_RULES, NOT_FOR_FARGATE_RULES } from "./fargate-rules.ts";
import {
  EC2_RULES,
  isWindows,
  MANAGED_RULES,
  NOT_FOR_EC2_RULES,
  NOT_FOR_MANAGED_RULES,
  RUNTIME_RULES,
  WINDOWS_RULES,
} from "./platform-rules.ts";
import type { Rule } from "../rules.ts";
import { each, quotingRule, rule, within } from "../rules.ts";
import { VOLUMES_RULES } from "./volume-rules.ts";

/** What holds for one container that is a job by itself, and for several: read as a task (reference 4.4 to 4.8, 6.11). */
export const ECS_TASK_RULES: readonly Rule<EcsTask>[] = [
  within(ifOn("EC2"), NOT_FOR_EC2_RULES),
  within(ifOn("FARGATE"), NOT_FOR_FARGATE_RULES),
  within(ifOn("MANAGED_INSTANCES"), NOT_FOR_MANAGED_RULES),
  ...VOLUMES_RULES,
  each((task) => task.containers.map((container) => ({ container, task })), CONTAINER_RULES),
  ...RUNTIME_RULES,
  within((task) => (isWindows(task) ? task : undefined), WINDOWS_RULES),
  within(ifOn("EC2"), EC2_RULES),
  within(ifOn("FARGATE"), FARGATE_RULES),
  within(ifOn("MANAGED_INSTANCES"), MANAGED_RULES),
];

function ifOn(platform: EcsTask["platform"]): (task: EcsTask) => EcsTask | undefined {
  return (task) => (task.platform === platform ? task : undefined);
}

const CONTAINER_NAME = /^[A-Za-z0-9_-]{1,255}$/;
const CONDITIONS: ReadonlySet<string> = new Set(["START", "COMPLETE", "SUCCESS"]);
const IPC_MODES: ReadonlySet<string> = new Set(["host", "task", "none"]);
const PID_MODES: ReadonlySet<string> = new Set(["host", "task"]);
const FIRELENS_TYPES: ReadonlySet<string> = new Set(["fluentd", "fluentbit"]);

const TASK_CONTAINER_RULES: readonly Rule<EcsContainer>[] = [
  quotingRule("containerName", ({ name = "-" }) => (CONTAINER_NAME.test(name) ? undefined : [name])),
  quotingRule("firelensType", ({ firelensConfiguration }) => {
    const type = firelensConfiguration?.type ?? "fluentd";
    return FIRELENS_TYPES.has(type) ? undefined : [type];
  }),
  quotingRule("startTimeout", ({ startTimeout = 2 }) => (startTimeout < 2 ? [startTimeout] : undefined)),
  quotingRule("stopTimeout", ({ stopTimeout = 2 }) => (stopTimeout < 2 ? [stopTimeout] : undefined)),
];

interface Dependency {
  readonly target: string;
  readonly condition: string;
  readonly containers: readonly EcsContainer[];
}

const DEPENDENCY_RULES: readonly Rule<Dependency>[] = [
  quotingRule("dependencyCondition", ({ condition }) => (CONDITIONS.has(condition) ? undefined : [condition])),
  quotingRule("dependencyTarget", ({ target, containers }) =>
    containers.some(({ name }) => name === target) ? undefined : [target],
  ),
  quotingRule("dependencyOnEssential", ({ target, condition, containers }) => {
    const isEssential = containers.find(({ name }) => name === target)?.essential !== false;
    return condition !== "START" && isEssential ? [condition] : undefined;
  }),
];

/** How the containers of a task stand to each other (reference 3.5). */
const SEVERAL_RULES: readonly Rule<EcsTask>[] = [
  rule("containerCount", ({ containers }) => containers.length < 1 || containers.length > 10),
  rule(
    "containerNameRequired",
    ({ containers }) => containers.length > 1 && containers.some(({ name }) => name === undefined),
  ),
  each(({ containers }) => containers, TASK_CONTAINER_RULES),
  rule("duplicateContainers", ({ containers }) => new Set(containers.map(({ name }) => name)).size < containers.length),
  rule("essentialRequired", ({ containers }) => containers.every(({ essential }) => essential === false)),
  rule("dependencyOfOne", ({ containers }) => containers.length === 1 && dependenciesOf(containers).length > 0),
  each(({ containers }) => dependenciesOf(containers), DEPENDENCY_RULES),
  rule("dependencyCycle", ({ containers }) => hasCycle(containers)),
  quotingRule("ipcMode", ({ ipcMode = "none" }) => (IPC_MODES.has(ipcMode) ? undefined : [ipcMode])),
  quotingRule("pidMode", ({ pidMode = "task" }) => (PID_MODES.has(pidMode) ? undefined : [pidMode])),
  rule(
    "firelensRoot",
    ({ containers }) =>
      containers.some(({ firelensConfiguration }) => firelensConfiguration !== undefined) &&
      !containers.some(({ user }) => !user || /^(root|0)(:.*)?$/.test(user)),
  ),
];

/** `ecsProperties` on a platform. */
export interface TaskSubject {
  readonly ecsProperties: EcsProperties;
  readonly place: Place;
}

export const ECS_PROPERTIES_RULES: readonly Rule<TaskSubject>[] = [
  rule("oneTask", ({ ecsProperties }) => ecsProperties.taskProperties?.length !== 1),
  each(
    ({ ecsProperties, place }) => ecsProperties.taskProperties?.map((task) => taskOf(task, place)),
    [...SEVERAL_RULES, ...ECS_TASK_RULES],
  ),
];

function dependenciesOf(containers: readonly EcsContainer[]): Dependency[] {
  return containers.flatMap(({ dependsOn = [] }) =>
    dependsOn.map(({ containerName = "", condition = "" }) => ({ target: containerName, condition, containers })),
  );
}

/** Takes away containers whose targets are all gone; what is left then waits for itself. */
function hasCycle(containers: readonly EcsContainer[]): boolean {
  let left = [...containers];
  for (;;) {
    const names = new Set(left.map(({ name }) => name));
    const waiting = left.filter(({ dependsOn = [] }) =>
      dependsOn.some(({ containerName }) => names.has(containerName)),
    );
    if (waiting.length === 0) return false;
    if (waiting.length === left.length) return true;
    left = waiting;
  }
}
