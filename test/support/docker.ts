import { ParentGroups } from "../../src/drivers/docker/usage/parent-groups.ts";
import { dockerAnswers } from "../../src/drivers/docker/engine/probe.ts";
import { systemClock } from "./clock.ts";
import { testEngine } from "./docker-image.ts";

const PATIENCE_MS = 3_000;

/**
 * Why tests that need a container engine cannot run here; undefined when they can. Where tests must not be skipped unseen (CI), a
 * missing engine is a failure.
 */
export async function dockerUnavailable(): Promise<string | undefined> {
  if (await dockerAnswers(undefined, PATIENCE_MS)) return undefined;
  const reason = "no container engine answers on this machine (start Docker or Podman, or set DOCKER_HOST)";
  if (process.env["CI"]) throw new Error(`In CI these tests must run: ${reason}`);
  return reason;
}

/** Why it cannot be measured exactly here what containers use; undefined when it can. */
export async function exactMeasuringUnavailable(): Promise<string | undefined> {
  const unavailable = await dockerUnavailable();
  if (unavailable !== undefined) return unavailable;
  const info = (await (await testEngine()).info()) as Parameters<typeof ParentGroups.open>[0];
  const isThere = (await ParentGroups.open(info, systemClock, "probe")) !== undefined;
  return isThere ? undefined : "it takes root on the engine's machine, and control groups that can be made there";
}
