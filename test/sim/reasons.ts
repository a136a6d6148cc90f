import type { Explanation, StatedVerdict } from "../../src/core/explain/explanation.ts";
import type { Scheduling } from "../../src/core/job.ts";
import { isTerminal } from "../../src/core/job.ts";
import type { Capacity } from "../../src/core/resources.ts";
import type { Engine } from "../../src/engine/engine.ts";
import type { Ledger } from "./ledger.ts";
import { memoryOf, needsOf, roomIn } from "./ledger.ts";
import type { Resources } from "./resources.ts";
import { SERVICE_ENVIRONMENT } from "./workload.ts";

type Violations = Iterable<string>;
type Blocker = Explanation["blockers"][number];

/** Explaining looks at all that runs and waits: so many jobs are asked about each time. */
const MAX_ASKED = 6;
const CHECK_EVERY_RESTS = 3;

/** A job that waits, as the ledger has it. */
interface Waiting {
  readonly id: string;
  readonly scheduling: Scheduling;
  readonly entry: NonNullable<ReturnType<Ledger["entries"]["get"]>>;
}

/** When the engine rests: what it says of a job that waits is true, and all of it. Each reason is worked out anew from what was committed and requested. */
export class Reasons {
  readonly #ledger: Ledger;
  readonly #resources: Resources;
  readonly #machine: Capacity;
  #rests = 0;
  /** By queue ARN, while nothing changes. */
  readonly #heads = new Map<string, string | undefined>();

  constructor(ledger: Ledger, resources: Resources, machine: Capacity) {
    this.#ledger = ledger;
    this.#resources = resources;
    this.#machine = machine;
  }

  *check(engine: Engine): Violations {
    this.#rests += 1;
    if (this.#rests % CHECK_EVERY_RESTS !== 0) return;
    this.#heads.clear();
    const waiting = [...this.#waiting()];
    const step = Math.max(1, Math.ceil(waiting.length / MAX_ASKED));
    for (let at = 0; at < waiting.length; at += step) {
      const one = waiting[at]!;
      const explanation = engine.explain(one.id);
      if (explanation === undefined) yield `${one.id} waits and is unknown`;
      else yield* this.#checkOne(one, explanation);
    }
  }

  *#waiting(): Iterable<Waiting> {
    for (const { id, entry, index, state } of this.#ledger.all(true)) {
      const { scheduling } = entry.job;
      // What shares have to say to their jobs is not worked out here.
      if (scheduling.service?.quotaShare !== undefined || scheduling.share !== undefined) continue;
      const isParent = index === undefined && scheduling.arraySize !== undefined;
      if (!isParent && (state.status === "RUNNABLE" || state.status === "PENDING")) yield { id, scheduling, entry };
    }
  }

  *#checkOne(job: Waiting, { blockers, position }: Explanation): Violations {
    if (blockers.length === 0) yield `nothing keeps ${job.id} from starting, it is said, and it waits`;
    for (const blocker of blockers) {
      if (!this.#isTrue(job, blocker)) yield `of ${job.id} it is not true that: ${blocker.text}`;
    }
    const kinds = new Set(blockers.map(({ kind }) => kind));
    for (const kind of this.#expected(job))
      if (!kinds.has(kind)) yield `${job.id} waits for ${kind} too, and is not told`;
    const { status } = this.#ledger.stateOf(job.id)!;
    if (status !== "RUNNABLE" || job.scheduling.share !== undefined || position === undefined || !("place" in position))
      return;
    const place = this.#ledger.placeOf(job.id);
    if (place !== position.place)
      yield `${job.id} is said to be no. ${position.place} of its queue, and is no. ${place}`;
  }

  /** What must be among the reasons. */
  *#expected({ id, scheduling, entry }: Waiting): Iterable<Blocker["kind"]> {
    if (this.#ledger.dependencies(id).some(({ status }) => !isTerminal(status))) yield "dependency";
    if (this.#lacking(scheduling).length > 0) yield "consumable";
    if (roomIn(entry) <= 0) yield "crowded";
    if (!this.#findsRoom(id, scheduling, entry.job.queueArn)) yield "placement";
  }

  #isTrue(job: Waiting, blocker: Blocker): boolean {
    const { id, scheduling, entry } = job;
    switch (blocker.kind) {
      case "dependency": {
        const on = this.#ledger.dependencies(id).filter(({ status }) => !isTerminal(status));
        return on.some((one) => one.on === blocker.jobId && one.type === blocker.type && one.status === blocker.status);
      }
      case "consumable":
        return this.#lacking(scheduling).includes(blocker.arn);
      case "crowded":
        return roomIn(entry) <= 0 && blocker.limit === scheduling.maxActiveChildren;
      case "placement":
        return (
          !this.#findsRoom(id, scheduling, entry.job.queueArn) &&
          blocker.environments.every((one) => this.#isTrueOf(job, one))
        );
      case "behind":
        if (scheduling.share !== undefined) return blocker.headJobId !== id;
        return this.#head(entry.job.queueArn) === blocker.headJobId && blocker.headJobId !== id;
      case "refusal":
        return scheduling.refusal === blocker.reason;
      default:
        return true;
    }
  }

  /** What keeps one environment from taking the job. */
  #isTrueOf({ id, scheduling }: Waiting, { environmentArn, obstacles }: StatedVerdict): boolean {
    const model = this.#resources.environments.get(environmentArn);
    const { vcpuMilli } = scheduling.requirements;
    return obstacles.every((obstacle) => {
      switch (obstacle.kind) {
        case "disabled":
          return model?.enabled === false;
        case "above-environment-maximum":
          // Of instances a gang needs whole ones.
          if (model?.hasInstances === true && scheduling.nodes !== undefined) return scheduling.nodes.count > 1;
          return model !== undefined && vcpuMilli > model.maxvCpus * 1000;
        case "above-machine":
          return vcpuMilli > this.#machine.vcpuMilli || this.#memory(id, scheduling) > this.#machine.memoryMiB;
        case "capacity":
          return !this.#hasRoom(id, scheduling, environmentArn);
        case "instances":
          return this.#lacksInstances(scheduling);
        default:
          return true;
      }
    });
  }

  #head(queueArn: string): string | undefined {
    if (!this.#heads.has(queueArn)) this.#heads.set(queueArn, this.#ledger.head(queueArn)?.id);
    return this.#heads.get(queueArn);
  }

  #findsRoom(id: string, scheduling: Scheduling, queueArn: string): boolean {
    const queue = this.#resources.queues.get(queueArn);
    if (queue === undefined)
      return !this.#lacksInstances(scheduling) && this.#hasRoom(id, scheduling, SERVICE_ENVIRONMENT);
    return queue.environments.some(
      (arn) => this.#resources.environments.get(arn)!.enabled && this.#hasRoom(id, scheduling, arn),
    );
  }

  #hasRoom(id: string, scheduling: Scheduling, environmentArn: string): boolean {
    if (this.#resources.environments.get(environmentArn)?.hasInstances === true)
      return this.#ledger.hasRoomOnInstances(environmentArn, scheduling, this.#memory(id, scheduling));
    const used = this.#ledger.used();
    const { vcpuMilli } = scheduling.requirements;
    const maxvCpus = this.#resources.environments.get(environmentArn)?.maxvCpus ?? Infinity;
    return (
      used.vcpuMilli + vcpuMilli <= this.#machine.vcpuMilli &&
      used.memoryMiB + this.#memory(id, scheduling) <= this.#machine.memoryMiB &&
      this.#ledger.used(environmentArn).vcpuMilli + vcpuMilli <= maxvCpus * 1000
    );
  }

  #memory(id: string, scheduling: Scheduling): number {
    return memoryOf(scheduling, this.#ledger.stateOf(id)!);
  }

  #lacksInstances({ instances = [] }: Scheduling): boolean {
    return instances.some(({ type, count }) => this.#lacks(type, count));
  }

  /** ARNs of the consumable resources of which there is not enough. */
  #lacking(scheduling: Scheduling): string[] {
    return needsOf({ ...scheduling, instances: [] }).flatMap(({ arn, quantity }) =>
      this.#lacks(arn, quantity) ? [arn] : [],
    );
  }

  #lacks(arn: string, quantity: number): boolean {
    return (this.#ledger.held().get(arn) ?? 0) + quantity > this.#resources.stock.total(arn);
  }
}
