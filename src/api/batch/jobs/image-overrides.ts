import type { ResourceRequirement } from "@aws-sdk/client-batch";
import type { ImageOverride } from "../../../core/submission/overrides.ts";
import type { Limits } from "../limits.ts";
import type { Submission } from "./submit-rules.ts";

/**
 * AWS Batch lets nobody override the image of an ECS container. Here a requirement of the type IMAGE does: the SDKs send such an unknown type
 * as it is, which they do with no unknown member. What follows from here on has the image apart from what the container requires.
 */
export function withImageOverrides(input: Submission, { extensions }: Limits): Submission {
  if (!extensions) return input;
  return {
    ...withImages(input),
    ...(input.nodeOverrides !== undefined && {
      nodeOverrides: {
        ...input.nodeOverrides,
        ...(input.nodeOverrides.nodePropertyOverrides !== undefined && {
          nodePropertyOverrides: input.nodeOverrides.nodePropertyOverrides.map(withImages),
        }),
      },
    }),
  };
}

type Overriding = Pick<Submission, "containerOverrides" | "ecsPropertiesOverride">;

/** Of a job, or of some of its nodes. */
function withImages<Override extends Overriding>(override: Override): Override {
  const { containerOverrides, ecsPropertiesOverride } = override;
  return {
    ...override,
    ...(containerOverrides !== undefined && { containerOverrides: withImage(containerOverrides) }),
    ...(ecsPropertiesOverride?.taskProperties !== undefined && {
      ecsPropertiesOverride: {
        taskProperties: ecsPropertiesOverride.taskProperties.map(({ containers, ...task }) => ({
          ...task,
          ...(containers !== undefined && { containers: containers.map(withImage) }),
        })),
      },
    }),
  };
}

interface ContainerOverride {
  resourceRequirements?: ResourceRequirement[] | undefined;
}

function withImage<Override extends ContainerOverride>(override: Override): Override & ImageOverride {
  const all = override.resourceRequirements ?? [];
  const images = all.filter(isImage);
  if (images.length === 0) return override;
  return {
    ...override,
    resourceRequirements: all.filter((requirement) => !isImage(requirement)),
    images: images.map(({ value = "" }) => value),
  };
}

function isImage({ type }: ResourceRequirement): boolean {
  return (type as string | undefined) === "IMAGE";
}
