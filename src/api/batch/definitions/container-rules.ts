import { containerRequirements } from "../../../core/submission/requirements.ts";
import type { EcsContainer, EcsTask } from "./ecs-task.ts";
import { LINUX_RULES, ULIMIT_RULES } from "./linux-rules.ts";
import { LOG_RULES } from "./log-rules.ts";
import { IMAGE_NAME } from "../names.ts";
import { REQUIREMENTS_RULES } from "./requirement-rules.ts";
import type { Rule } from "../rules.ts";
import { each, quotingRule, rule, within } from "../rules.ts";
import { SECRET_RULES } from "./secret-rules.ts";
import { VARIABLE_RULES } from "./variable-rules.ts";

export interface ContainerSubject {
  readonly container: EcsContainer;
  readonly task: EcsTask;
}

const USER_OR_GROUP = "[a-z0-9_][a-z0-9_-]{0,30}";
const USER = new RegExp(`^${USER_OR_GROUP}(:${USER_OR_GROUP})?$`);

/** One container of an ECS job: of a definition, and again of a job after its overrides (reference 4.4 to 4.6). */
export const CONTAINER_RULES: readonly Rule<ContainerSubject>[] = [
  rule("imageRequired", ({ container }) => !container.image),
  quotingRule("imageName", ({ container: { image = "" } }) => (IMAGE_NAME.test(image) ? undefined : [image])),
  quotingRule("user", ({ container: { user } }) => (!user || USER.test(user) ? undefined : [user])),
  each(({ container }) => container.environment, VARIABLE_RULES),
  each(({ container }) => container.ulimits, ULIMIT_RULES),
  within(({ container }) => container.logConfiguration, LOG_RULES),
  each(secretsOf, SECRET_RULES),
  each(({ container }) => container.secrets?.map(({ name }) => ({ name })), VARIABLE_RULES),
  quotingRule("secretIsVariable", ({ container: { secrets = [], environment = [] } }) => {
    const names = [...environment, ...secrets].map(({ name }) => name);
    const twice = secrets.find(({ name }) => names.indexOf(name) !== names.lastIndexOf(name));
    return twice === undefined ? undefined : [twice.name!];
  }),
  rule(
    "credentialsParameter",
    ({ container: { repositoryCredentials: credentials } }) =>
      credentials !== undefined && !credentials.credentialsParameter,
  ),
  within(({ container }) => container.linuxParameters, LINUX_RULES),
  rule("mountPath", ({ container }) => mountsOf(container).some(({ containerPath }) => !containerPath)),
  quotingRule("unknownVolume", ({ container, task }) => {
    const unknown = mountsOf(container).find((mount) => !task.volumes.some(({ name }) => name === mount.sourceVolume));
    return unknown === undefined ? undefined : [unknown.sourceVolume ?? ""];
  }),
  within(({ container }) => container.resourceRequirements, REQUIREMENTS_RULES),
  rule("mixedVcpus", ({ container }) => container.vcpus !== undefined && requires(container, "VCPU")),
  rule("mixedMemory", ({ container }) => container.memory !== undefined && requires(container, "MEMORY")),
  rule("vcpuRequired", ({ container }) => containerRequirements(container).vcpuMilli === 0),
  rule("memoryRequired", ({ container }) => containerRequirements(container).memoryMiB === 0),
  quotingRule("memoryTooLow", ({ container }) => {
    const { memoryMiB } = containerRequirements(container);
    return memoryMiB < 4 ? [String(memoryMiB)] : undefined;
  }),
  rule("secretsWithoutRole", (subject) => secretsOf(subject).length > 0 && !subject.task.executionRoleArn),
];

function secretsOf({ container, task: { region } }: ContainerSubject) {
  const { secrets = [], logConfiguration } = container;
  return [...secrets, ...(logConfiguration?.secretOptions ?? [])].map((secret) => ({ secret, region }));
}

function mountsOf({ mountPoints = [] }: EcsContainer) {
  return mountPoints;
}

function requires({ resourceRequirements = [] }: EcsContainer, type: "VCPU" | "MEMORY"): boolean {
  return resourceRequirements.some((requirement) => requirement.type === type);
}
