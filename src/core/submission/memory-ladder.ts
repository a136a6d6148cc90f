import type { ContainerProperties } from "@aws-sdk/client-batch";
import type { JobState } from "../job.ts";

/** More rungs than a job may have attempts are never climbed. */
export const MAX_RUNGS = 10;
/** The largest EC2 instance has 32 TiB. */
const MAX_MEMORY_MIB = 33_554_432;

/**
 * The memory, in MiB, that a job asks for after each attempt that ran out of it: `4096 8192 16384`, or `x2:16384` for twice as much each time, up to a
 * most. Undefined for a text that is neither. Only what is more than `memoryMiB` is a rung.
 */
export function memoryLadder(text: string, memoryMiB: number): readonly number[] | undefined {
  const factor = /^x([1-9]\d{0,2}(?:\.\d{1,3})?):([1-9]\d*)$/.exec(text);
  const rungs = factor === null ? listed(text) : multiplied(memoryMiB, Number(factor[1]), Number(factor[2]));
  return rungs?.filter((rung) => rung > memoryMiB);
}

function listed(text: string): number[] | undefined {
  const rungs = text.split(" ").map((rung) => (/^[1-9]\d*$/.test(rung) ? Number(rung) : Number.NaN));
  const rises = rungs.every((rung, index) => rung <= MAX_MEMORY_MIB && (index === 0 || rung > rungs[index - 1]!));
  return rises && rungs.length <= MAX_RUNGS ? rungs : undefined;
}

function multiplied(memoryMiB: number, factor: number, most: number): number[] | undefined {
  if (factor <= 1 || most > MAX_MEMORY_MIB) return undefined;
  const rungs: number[] = [];
  for (let last = memoryMiB; last < most && rungs.length < MAX_RUNGS;) {
    last = Math.min(most, Math.ceil(last * factor));
    rungs.push(last);
  }
  return rungs;
}

/** The container as the next, or latest, attempt has it: with the memory that was learned. */
export function withLearnedMemory<Container extends Pick<ContainerProperties, "memory" | "resourceRequirements">>(
  container: Container,
  { memoryMiB }: JobState,
): Container {
  if (memoryMiB === undefined) return container;
  const resourceRequirements = container.resourceRequirements?.map((requirement) =>
    requirement.type === "MEMORY" ? { ...requirement, value: String(memoryMiB) } : requirement,
  );
  return {
    ...container,
    ...(container.memory !== undefined && { memory: memoryMiB }),
    ...(resourceRequirements !== undefined && { resourceRequirements }),
  };
}
