import type {
  ContainerProperties,
  EcsTaskProperties,
  PlatformCapability,
  TaskContainerProperties,
} from "@aws-sdk/client-batch";

/** An ECS container, in whichever of the API's two shapes it came. */
export interface EcsContainer
  extends
    Pick<
      ContainerProperties,
      | "image"
      | "environment"
      | "resourceRequirements"
      | "vcpus"
      | "memory"
      | "linuxParameters"
      | "logConfiguration"
      | "mountPoints"
      | "privileged"
      | "readonlyRootFilesystem"
      | "repositoryCredentials"
      | "secrets"
      | "ulimits"
      | "user"
    >,
    Pick<
      TaskContainerProperties,
      "name" | "dependsOn" | "essential" | "firelensConfiguration" | "startTimeout" | "stopTimeout"
    > {}

/** Where a definition's containers run, and for which region it is registered. */
export interface Place {
  readonly platform: PlatformCapability;
  readonly region: string;
}

/** What one or several ECS containers share: `containerProperties` are read as a task of one container, so that both have the same rules. */
export interface EcsTask
  extends
    Place,
    Pick<
      EcsTaskProperties,
      | "executionRoleArn"
      | "taskRoleArn"
      | "platformVersion"
      | "networkConfiguration"
      | "runtimePlatform"
      | "ephemeralStorage"
      | "ipcMode"
      | "pidMode"
      | "networkMode"
    > {
  readonly containers: readonly EcsContainer[];
  readonly volumes: NonNullable<EcsTaskProperties["volumes"]>;
  /** The given members that only Fargate knows, as the request names them. */
  readonly fargateMembers: readonly string[];
  readonly instanceType?: string | undefined;
}

export function taskOfContainer(container: ContainerProperties, place: Place): EcsTask {
  const { fargatePlatformConfiguration, jobRoleArn, networkConfiguration, ephemeralStorage } = container;
  return {
    ...place,
    executionRoleArn: container.executionRoleArn,
    taskRoleArn: jobRoleArn,
    platformVersion: fargatePlatformConfiguration?.platformVersion,
    networkConfiguration,
    runtimePlatform: container.runtimePlatform,
    ephemeralStorage,
    containers: [container],
    volumes: container.volumes ?? [],
    fargateMembers: givenOf({ networkConfiguration, fargatePlatformConfiguration, ephemeralStorage }),
    instanceType: container.instanceType,
  };
}

export function taskOf(properties: EcsTaskProperties, place: Place): EcsTask {
  const { networkConfiguration, platformVersion, ephemeralStorage } = properties;
  return {
    ...place,
    ...properties,
    containers: properties.containers ?? [],
    volumes: properties.volumes ?? [],
    fargateMembers: givenOf({ networkConfiguration, platformVersion, ephemeralStorage }),
  };
}

function givenOf(members: Readonly<Record<string, unknown>>): string[] {
  return Object.keys(members).filter((name) => members[name] !== undefined);
}
