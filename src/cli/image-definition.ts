import { isDeepStrictEqual } from "node:util";
import type { ContainerProperties } from "@aws-sdk/client-batch";
import type { Connection } from "./connection.ts";
import { nameFrom } from "./job-request.ts";

const DEFAULT_VCPUS = "1";
const DEFAULT_MEMORY_MIB = "512";

/**
 * The ARN of an ACTIVE definition that runs this image: the one registered for an earlier run, if it is still the same, else a
 * new revision. Its name is `run-` and the image's name.
 */
export async function definitionForImage(connection: Connection, image: string): Promise<string> {
  const name = `run-${nameFrom(image)}`.slice(0, 128);
  const properties: ContainerProperties = {
    image,
    resourceRequirements: [
      { type: "VCPU", value: DEFAULT_VCPUS },
      { type: "MEMORY", value: DEFAULT_MEMORY_MIB },
    ],
  };
  const known = await connection.batch((batch) =>
    batch.describeJobDefinitions({ jobDefinitionName: name, status: "ACTIVE" }),
  );
  const same = known.jobDefinitions?.find((one) => saysTheSame(one.containerProperties, properties));
  if (same?.jobDefinitionArn !== undefined) return same.jobDefinitionArn;
  const registered = await connection.batch((batch) =>
    batch.registerJobDefinition({ jobDefinitionName: name, type: "container", containerProperties: properties }),
  );
  return registered.jobDefinitionArn ?? name;
}

/** A description adds empty members to what was registered; an added member with a value makes it another definition. */
function saysTheSame(described: ContainerProperties | undefined, wanted: ContainerProperties): boolean {
  if (described === undefined) return false;
  const said = Object.entries(described).filter(([, value]) => !isEmpty(value));
  return isDeepStrictEqual(Object.fromEntries(said), wanted);
}

function isEmpty(value: unknown): boolean {
  return value === undefined || value === null || (Array.isArray(value) && value.length === 0);
}
