import type { Demand } from "../access/authorized.ts";
import { authorized } from "../access/authorized.ts";
import type { MachineBackend } from "../ecs/backend.ts";
import type { QueryService } from "../wire/aws-query.ts";
import type { Call } from "../wire/operations.ts";
import type { QueryParameters } from "../wire/query-parameters.ts";
import { listOf } from "../wire/query-parameters.ts";
import { describeInstances } from "./instances.ts";
import { terminateInstances } from "./terminate-instances.ts";

/** As the Service Authorization Reference has it: instances can be described all or none, and be terminated one by one. */
const DEMANDS = {
  DescribeInstances: (): Demand[] => [["DescribeInstances", "*"]],
  TerminateInstances: (parameters: QueryParameters, { region, account }: Call): Demand[] =>
    listOf(parameters, "InstanceId").map((id) => [
      "TerminateInstances",
      `arn:aws:ec2:${region}:${account}:instance/${id}`,
    ]),
};

/** EC2, as far as the clients of Batch look at the instances that run their jobs. */
export function ec2Service(backend: MachineBackend): QueryService {
  return {
    name: "ec2",
    protocol: "ec2Query",
    version: "2016-11-15",
    changing: ["TerminateInstances"],
    namespace: "http://ec2.amazonaws.com/doc/2016-11-15/",
    handlers: authorized("ec2", DEMANDS, {
      DescribeInstances: describeInstances(backend),
      TerminateInstances: terminateInstances(backend),
    }),
  };
}
