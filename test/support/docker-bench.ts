import type { ContainerProperties } from "@aws-sdk/client-batch";
import type { DockerDriverOptions } from "../../src/drivers/docker/driver.ts";
import type { AttemptSpec } from "../../src/ports/driver.ts";
import { openSession } from "../conformance/driver/events.ts";
import type { Exited, Session } from "../conformance/driver/events.ts";
import { makeDockerHarness } from "./docker-harness.ts";
import type { DockerHarness } from "./docker-harness.ts";

/** A docker driver at work in a cluster of its own. */
export interface Bench extends DockerHarness {
  open(options?: Partial<DockerDriverOptions>): Promise<Session>;
  sh(script: string): ContainerProperties;
  /** Runs one attempt to its end; gives the end and the lines of its log. */
  run(session: Session, spec: AttemptSpec): Promise<{ exited: Exited; log: string[] }>;
  lines(attemptId: string): Promise<string[]>;
}

export async function withBench(use: (bench: Bench) => Promise<void>): Promise<void> {
  const harness = await makeDockerHarness();
  const sessions: Session[] = [];
  const lines = async (attemptId: string) => (await harness.readLog(attemptId)).split("\n").slice(0, -1);
  try {
    await use({
      ...harness,
      lines,
      async open(options) {
        const session = await openSession(harness.createDriver(options));
        sessions.push(session);
        return session;
      },
      sh: (script) => harness.command(["sh", "-c", script]),
      async run(session, spec) {
        await session.driver.start(spec);
        const exited = await session.exited(spec.attemptId);
        return { exited, log: await lines(spec.attemptId) };
      },
    });
  } finally {
    for (const session of sessions) await session.close();
    await harness.dispose();
  }
}
