import type { Subnet } from "../../drivers/docker/networks/subnets.ts";
import { parseSubnet, SMALLEST_PREFIX } from "../../drivers/docker/networks/subnets.ts";
import type { JsonObject } from "../../input/json-object.ts";

/** The addresses that networks of nodes have their subnets of. */
export function nodeSubnets(file: JsonObject, name: string): Subnet {
  const subnet = parseSubnet(file.string(name));
  if (subnet === undefined || subnet.prefix > SMALLEST_PREFIX)
    file.fail(name, `must be IPv4 addresses such as 10.213.0.0/16, and no fewer than a /${SMALLEST_PREFIX} has.`);
  return subnet;
}
