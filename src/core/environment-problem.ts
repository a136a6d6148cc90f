import type { ComputeEnvironmentDetail, ComputeResource } from "@aws-sdk/client-batch";
import type { Launching } from "./instances/instance.ts";

type Environment = Pick<ComputeEnvironmentDetail, "type" | "serviceRole" | "computeResources">;

/**
 * Why an environment is INVALID, in AWS's words as far as AWS has some; undefined when it is VALID. AWS accepts any name of a role, a subnet or an image and finds out
 * later that there is none (reference 6.2, 6.3); here there are none of these, so only names that cannot be any are found out.
 */
export function environmentProblem({ type, serviceRole, computeResources }: Environment): string | undefined {
  const roles = roleProblem(serviceRole, computeResources);
  // What is said of the resources of an unmanaged environment is the user's own affair.
  if (roles !== undefined || computeResources === undefined || type === "UNMANAGED") return roles;
  return launchProblem(computeResources);
}

function roleProblem(serviceRole: string | undefined, computeResources: ComputeResource | undefined) {
  const provider = computeResources?.managedInstancesProvider;
  if (!couldBe("role", serviceRole)) {
    return `CLIENT_ERROR - Not authorized to perform sts:AssumeRole (Service: AWSSecurityTokenService; Status Code: 403; Error Code: AccessDenied). serviceRole ${serviceRole} is neither the ARN nor the name of a role.`;
  }
  if (!couldBe("role", computeResources?.spotIamFleetRole)) {
    return `CLIENT_ERROR - Parameter: SpotFleetRequestConfig.IamFleetRole is invalid. spotIamFleetRole ${computeResources?.spotIamFleetRole} is neither the ARN nor the name of a role.`;
  }
  if (!couldBe("role", provider?.infrastructureRoleArn)) {
    return `CLIENT_ERROR - infrastructureRoleArn ${provider?.infrastructureRoleArn} is not the ARN of a role.`;
  }
  for (const profile of [computeResources?.instanceRole, provider?.instanceLaunchTemplate?.ec2InstanceProfileArn]) {
    if (!couldBe("instance-profile", profile)) return `CLIENT_ERROR - Instance profile ${profile} does not exist`;
  }
  return undefined;
}

/** What no launch of an instance could succeed with. */
function launchProblem({ managedInstancesProvider, ...resources }: ComputeResource): string | undefined {
  const { launchTemplate, imageId, ec2Configuration = [] } = resources;
  const network = managedInstancesProvider?.instanceLaunchTemplate?.networkConfiguration ?? {
    subnets: resources.subnets,
    securityGroups: resources.securityGroupIds,
  };
  const templates = [launchTemplate, ...(launchTemplate?.overrides ?? [])].map((one) => one?.launchTemplateId);
  const images = [imageId, ...ec2Configuration.map(({ imageIdOverride }) => imageIdOverride)];
  const template = unlike("lt", templates);
  if (template !== undefined) {
    return `CLIENT_ERROR - The specified launch template, with template ID ${template}, does not exist.`;
  }
  const image = unlike("ami", images);
  if (image !== undefined) {
    return `CLIENT_ERROR - You must use a valid fully-formed launch template. The image id '[${image}]' does not exist`;
  }
  const subnet = unlike("subnet", network.subnets);
  if (subnet !== undefined) return `CLIENT_ERROR - The subnet ID '${subnet}' does not exist`;
  const group = unlike("sg", network.securityGroups);
  return group === undefined ? undefined : `CLIENT_ERROR - The security group '${group}' does not exist`;
}

/** None of the names that the environment gives is of a type that is known: it would wait for ever. */
export function instanceTypesProblem(
  { computeResources }: Environment,
  launching: Launching | undefined,
): string | undefined {
  if (launching === undefined || launching.types.length > 0) return undefined;
  return `CLIENT_ERROR - None of the instance types [${computeResources?.instanceTypes?.join(", ")}] is known here.`;
}

/** The first id that cannot be one of that kind. EC2's have 8 or 17 hexadecimal digits behind the prefix; who has none of them may write anything there. */
function unlike(prefix: string, ids: readonly (string | undefined)[] = []): string | undefined {
  const isLike = new RegExp(`^${prefix}-[A-Za-z0-9-]{1,100}$`);
  return ids.find((id) => id !== undefined && !isLike.test(id));
}

/** A name, with a path if it has one, or an ARN of that type. */
function couldBe(type: "role" | "instance-profile", value: string | undefined): boolean {
  if (value === undefined) return true;
  const arn = /^arn:aws[a-z-]*:iam::\d{12}:([a-z-]+)\/(.+)$/.exec(value);
  if (arn !== null && arn[1] !== type) return false;
  return /^\/?([\w+=,.@-]{1,128}\/)*[\w+=,.@-]{1,128}$/.test(arn?.[2] ?? value);
}
