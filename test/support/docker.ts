import { dockerAnswers } from "../../src/drivers/docker/probe.ts";

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
