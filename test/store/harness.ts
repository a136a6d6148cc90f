import type { TestContext } from "node:test";
import type { JobChange } from "../../src/core/changes.ts";
import type { JobState, Scheduling } from "../../src/core/job.ts";
import type { NewJob } from "../../src/ports/store.ts";
import { SqliteDatabase } from "../../src/store/sqlite.ts";
import type { OpenStore } from "../../src/store/store.ts";
import { openStore } from "../../src/store/store.ts";
import { SCOPE } from "../sim/workload.ts";

export const DEFINITION = "arn:aws:batch:us-east-1:123456789012:job-definition/work:1";

/** An empty store in memory. */
export async function open(t: TestContext): Promise<{ store: OpenStore; database: SqliteDatabase }> {
  const database = new SqliteDatabase(":memory:");
  t.after(() => database.close());
  return { database, store: await openStore(database, 0, { defaultDriver: "fake" }) };
}

export function newJob(id: string, more: Partial<NewJob> = {}, scheduling: Partial<Scheduling> = {}): NewJob {
  return {
    id,
    scope: SCOPE,
    queueArn: "queue",
    name: id,
    definitionArn: DEFINITION,
    createdAt: 1_000,
    scheduling: {
      requirements: { vcpuMilli: 1000, memoryMiB: 512, gpus: 0 },
      retry: { attempts: 1, evaluateOnExit: [] },
      dependsOn: [],
      needsImage: false,
      ...scheduling,
    },
    spec: {
      container: { image: id },
      parameters: {},
      dependsOn: [],
      retryStrategy: {},
      tags: {},
      propagateTags: false,
      platformCapabilities: [],
    },
    ...more,
  };
}

export function change(jobId: string, state: Partial<JobState>, parent?: JobChange["parent"]): JobChange {
  return {
    kind: "job-changed",
    jobId,
    state: { status: "RUNNABLE", attempts: [], ...state },
    ...(parent && { parent }),
  };
}

export const child = (parentId: string, index: number, status: JobState["status"]): JobChange =>
  change(`${parentId}:${index}`, { status }, { id: parentId, index });
