import type {
  CreateComputeEnvironmentCommandInput,
  CreateJobQueueCommandInput,
  RegisterJobDefinitionCommandInput,
  SubmitJobCommandInput,
} from "@aws-sdk/client-batch";
import type { DependsOn } from "./evidence.ts";
import type { JobShape, Runs } from "./job-shape.ts";
import { ESSENTIAL, scriptOf, unitsOf } from "./job-shape.ts";

/** The environment and the queue of commands of the machine. Containers are in those that every server has. */
const PROCESSES = "chaos-processes";
export const QUEUES = ["default", PROCESSES] as const;

/** All of the machine, as the default one has it; what it runs are plain processes. */
export const PROCESS_ENVIRONMENT: CreateComputeEnvironmentCommandInput = {
  ...{ computeEnvironmentName: PROCESSES, type: "MANAGED" },
  computeResources: {
    ...{ type: "EC2", minvCpus: 0, maxvCpus: 256, instanceRole: "ecsInstanceRole", instanceTypes: ["optimal"] },
    ...{ subnets: ["subnet-1"], securityGroupIds: ["sg-1"] },
  },
  tags: { "longshore:driver": "process", "longshore:capacity": "shared" },
};

export const PROCESS_QUEUE: CreateJobQueueCommandInput = {
  ...{ jobQueueName: PROCESSES, priority: 1 },
  computeEnvironmentOrder: [{ order: 1, computeEnvironment: PROCESSES }],
};

/** Where jobs find the ledger, in containers as well as outside. */
export interface Grounds {
  readonly ledger: string;
  readonly image: string | undefined;
}

const SIZE = [
  { type: "VCPU" as const, value: "1" },
  { type: "MEMORY" as const, value: "64" },
];
/** A task is as large as a job of one container. */
const HALF_SIZE = [
  { type: "VCPU" as const, value: "0.5" },
  { type: "MEMORY" as const, value: "32" },
];

/** A job definition for each way in which jobs run. */
export function definitions({ ledger, image }: Grounds): RegisterJobDefinitionCommandInput[] {
  const environment = [{ name: "LEDGER", value: ledger }];
  const mount = {
    environment,
    mountPoints: [{ sourceVolume: "ledger", containerPath: ledger }],
  };
  const volumes = [{ name: "ledger", host: { sourcePath: ledger } }];
  const single = (name: Runs, imageOfIt: string): RegisterJobDefinitionCommandInput => ({
    jobDefinitionName: definitionOf(name),
    type: "container",
    containerProperties: { image: imageOfIt, command: ["true"], resourceRequirements: SIZE, volumes, ...mount },
  });
  if (image === undefined) return [single("process", "scratch")];
  const containers = unitsOf("task").map((name) => ({
    ...{ name, image, command: ["true"], essential: name === ESSENTIAL, resourceRequirements: HALF_SIZE },
    ...mount,
  }));
  const task = {
    jobDefinitionName: definitionOf("task"),
    type: "container" as const,
    ecsProperties: { taskProperties: [{ containers, volumes }] },
  };
  return [single("process", "scratch"), single("container", image), task];
}

function definitionOf(runs: Runs): string {
  return `chaos-${runs}`;
}

export function submission(shape: JobShape, dependsOn: readonly DependsOn[]): SubmitJobCommandInput {
  const command = (unit: string): string[] => ["sh", "-c", scriptOf(shape, unit)];
  const units = unitsOf(shape.runs);
  return {
    ...{
      jobName: shape.name,
      jobQueue: shape.runs === "process" ? PROCESSES : "default",
      jobDefinition: definitionOf(shape.runs),
    },
    ...(shape.runs === "task"
      ? {
          ecsPropertiesOverride: {
            taskProperties: [{ containers: units.map((name) => ({ name, command: command(name) })) }],
          },
        }
      : { containerOverrides: { command: command("main") } }),
    ...(shape.arraySize !== undefined && { arrayProperties: { size: shape.arraySize } }),
    retryStrategy: { attempts: shape.attempts },
    ...(shape.timeoutSeconds !== undefined && { timeout: { attemptDurationSeconds: shape.timeoutSeconds } }),
    dependsOn: [
      ...(shape.isSequential === true ? [{ type: "SEQUENTIAL" as const }] : []),
      ...dependsOn.map(({ jobId, isNToN }) => ({ jobId, ...(isNToN && { type: "N_TO_N" as const }) })),
    ],
  };
}
