import type { ComputeEnvironmentDetail } from "@aws-sdk/client-batch";

/**
 * Why an environment is INVALID, in AWS's words as far as AWS has some; undefined when it is VALID. AWS accepts any name of a role and finds out later that there is none
 * (reference 6.2, 6.3); here there are no roles, so only names that cannot be any are found out.
 */
export function environmentProblem({
  serviceRole,
  computeResources,
}: Pick<ComputeEnvironmentDetail, "serviceRole" | "computeResources">): string | undefined {
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

/** A name, with a path if it has one, or an ARN of that type. */
function couldBe(type: "role" | "instance-profile", value: string | undefined): boolean {
  if (value === undefined) return true;
  const arn = /^arn:aws[a-z-]*:iam::\d{12}:([a-z-]+)\/(.+)$/.exec(value);
  if (arn !== null && arn[1] !== type) return false;
  return /^\/?([\w+=,.@-]{1,128}\/)*[\w+=,.@-]{1,128}$/.test(arn?.[2] ?? value);
}
