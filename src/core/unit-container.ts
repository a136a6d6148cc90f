import type { ContainerProperties, EcsProperties, EksProperties, NodeProperties } from "@aws-sdk/client-batch";
import type { Unit } from "./task.ts";

/** What the containers of a job with units are written in. One of them is there. */
export interface UnitSource {
  readonly ecsProperties?: EcsProperties;
  readonly eksProperties?: EksProperties;
  readonly nodeProperties?: NodeProperties;
}

/** The unit's container in the shape that drivers run, with its task's volumes. */
export function unitContainer({ ecsProperties }: UnitSource, unit: Unit): ContainerProperties {
  const task = ecsProperties?.taskProperties?.[0];
  const container = task?.containers?.find(({ name }) => name === unit.name);
  if (task === undefined || container === undefined) throw new Error(`no container ${unit.name}`);
  return {
    image: container.image,
    command: container.command,
    environment: container.environment,
    secrets: container.secrets,
    resourceRequirements: container.resourceRequirements,
    linuxParameters: container.linuxParameters,
    logConfiguration: container.logConfiguration,
    mountPoints: container.mountPoints,
    volumes: task.volumes,
    privileged: container.privileged,
    readonlyRootFilesystem: container.readonlyRootFilesystem,
    repositoryCredentials: container.repositoryCredentials,
    ulimits: container.ulimits,
    user: container.user,
  };
}
