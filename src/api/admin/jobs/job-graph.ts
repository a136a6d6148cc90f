import { parseChildId } from "../../../core/ids.ts";
import type { GraphEdge, GraphJob, GraphNode, JobGraph } from "../../../ports/job-graph.ts";
import type { JobRecord } from "../../../ports/store.ts";
import type { Backend } from "../../batch/backend.ts";
import { statusReason, statusSummary } from "../../batch/jobs/job-detail.ts";
import type { Call } from "../../wire/operations.ts";
import { describedJob } from "./find-job.ts";
import { readWholeNumbers } from "../parameters.ts";

const RANGES = {
  depth: { least: 1, most: 2_000, usual: 2_000 },
  limit: { least: 1, most: 2_000, usual: 500 },
};

/**
 * All that a job depends on and all that depends on it, near ones first. For who may describe it. Dependents are found of all jobs that were
 * submitted since the store has them listed (schema 9).
 *
 * @throws ResourceNotFoundException, 404, when there is no such job, or it is somebody else's.
 */
export async function jobGraph(backend: Backend, call: Call, idOrArn: string, search: string): Promise<JobGraph> {
  const { depth, limit } = readWholeNumbers(search, RANGES);
  const job = await describedJob(backend, call, idOrArn);
  const [root] = job.parent === undefined ? [job] : await backend.store.jobs.find(job.scope, [job.parent.id]);
  const walk = new Walk(backend, root ?? job, limit);
  await walk.run(depth);
  return walk.graph();
}

/** Goes from a job in both directions, a step at a time in each, until there is nothing more or the limit is met. */
class Walk {
  readonly #backend: Backend;
  readonly #root: JobRecord;
  readonly #limit: number;
  /** Undefined: it was removed. */
  readonly #jobs = new Map<string, JobRecord | undefined>();
  readonly #steps = new Map<string, number>();
  readonly #withMore = new Set<string>();

  constructor(backend: Backend, root: JobRecord, limit: number) {
    this.#backend = backend;
    this.#root = root;
    this.#limit = limit;
    this.#jobs.set(root.id, root);
    this.#steps.set(root.id, 0);
  }

  async run(depth: number): Promise<void> {
    let [before, after] = [[this.#root.id], [this.#root.id]];
    for (let step = 1; step <= depth && before.length + after.length > 0; step += 1) {
      before = await this.#add(this.#prerequisites(before), -step);
      after = await this.#add(await this.#dependents(after), step);
    }
    this.#prerequisites(before).forEach(([of, id]) => void (this.#steps.has(id) || this.#withMore.add(of)));
    for (const [of, id] of await this.#dependents(after)) if (!this.#steps.has(id)) this.#withMore.add(of);
  }

  graph(): JobGraph {
    return {
      jobId: this.#root.id,
      nodes: [...this.#steps].map(([jobId, step]): GraphNode => {
        const job = this.#jobs.get(jobId);
        return {
          ...{ jobId, step },
          ...(job !== undefined && { job: this.#shown(job) }),
          ...(this.#withMore.has(jobId) && { hasMore: true }),
        };
      }),
      edges: [...this.#jobs.values()].flatMap((job) => (job === undefined ? [] : this.#edgesTo(job))),
      isPartial: this.#withMore.size > 0,
    };
  }

  /** Pairs of a job and one that it is about to lead to. */
  #prerequisites(ids: readonly string[]): [of: string, id: string][] {
    return ids.flatMap((of) => prerequisitesOf(this.#jobs.get(of)).map((id): [string, string] => [of, id]));
  }

  /** One more than there is room for, of those that are not there yet. */
  async #dependents(ids: readonly string[]): Promise<[of: string, id: string][]> {
    if (ids.length === 0) return [];
    const found: [string, string][] = [];
    const limit = this.#limit + 1;
    let unseen = 0;
    for (let after: { jobId: string; dependentId: string } | undefined; ;) {
      const page = await this.#backend.store.jobs.dependents(ids, { ...(after && { after }), limit });
      for (const { jobId, dependentId } of page) {
        found.push([jobId, dependentId]);
        if (!this.#steps.has(dependentId)) unseen += 1;
      }
      after = page.at(-1);
      if (page.length < limit || unseen > this.#limit - this.#steps.size) return found;
    }
  }

  /** Those that are new, as far as there is room. */
  async #add(pairs: readonly (readonly [of: string, id: string])[], step: number): Promise<string[]> {
    const added = new Set<string>();
    for (const [of, id] of pairs) {
      if (added.has(id) || this.#steps.has(id)) continue;
      if (this.#steps.size + added.size < this.#limit) added.add(id);
      else this.#withMore.add(of);
    }
    if (added.size === 0) return [];
    const records = await this.#backend.store.jobs.find(this.#root.scope, [...added]);
    const byId = new Map(records.map((record) => [record.id, record]));
    for (const id of added) {
      this.#steps.set(id, step);
      this.#jobs.set(id, byId.get(id));
    }
    return [...added];
  }

  #shown(job: JobRecord): GraphJob {
    const { name, queueArn, createdAt, state, scheduling } = job;
    const { startedAt, stoppedAt, status } = state;
    const reason = statusReason(job, this.#backend.scheduler);
    const size = scheduling.arraySize;
    return {
      ...{ name, queueArn, status, createdAt },
      ...(reason !== undefined && { statusReason: reason }),
      ...(startedAt !== undefined && { startedAt }),
      ...(stoppedAt !== undefined && { stoppedAt }),
      ...(size !== undefined && { array: { size, counts: statusSummary(job) } }),
      ...(scheduling.nodes !== undefined && { nodes: scheduling.nodes.count }),
    };
  }

  #edgesTo({ id, scheduling }: JobRecord): GraphEdge[] {
    return scheduling.dependsOn.flatMap(({ jobId, type }): GraphEdge[] => {
      const child = jobId === undefined ? undefined : parseChildId(jobId);
      const from = child?.parentId ?? jobId ?? id;
      if (!this.#steps.has(from)) return [];
      return [
        { from, to: id, ...(type !== undefined && { type }), ...(child !== undefined && { index: child.index }) },
      ];
    });
  }
}

function prerequisitesOf(job: JobRecord | undefined): string[] {
  const ids = (job?.scheduling.dependsOn ?? []).flatMap(({ jobId }) => jobId ?? []);
  return [...new Set(ids.map((id) => parseChildId(id)?.parentId ?? id))];
}
