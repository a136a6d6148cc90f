import type { Demand } from "../access/authorized.ts";
import { authorized } from "../access/authorized.ts";
import type { MachineBackend } from "../ecs/backend.ts";
import type { QueryService } from "../wire/aws-query.ts";
import { describeInstances } from "./instances.ts";

/** As the Service Authorization Reference has it: instances can be described all or none. */
const DEMANDS = { DescribeInstances: (): Demand[] => [["DescribeInstances", "*"]] };

/** EC2, as far as the clients of Batch look at the instances that run their jobs. */
export function ec2Service(backend: MachineBackend): QueryService {
  return {
    name: "ec2",
    protocol: "ec2Query",
    version: "2016-11-15",
    namespace: "http://ec2.amazonaws.com/doc/2016-11-15/",
    handlers: authorized("ec2", DEMANDS, { DescribeInstances: describeInstances(backend) }),
  };
}
