import { accountOf } from "./account.ts";
import { isOfThisMachine, runsPodsOfCluster } from "./driver-name.ts";
import { hasShareOfMachine, holdingsOf, podsOf } from "./holdings.ts";
import type { Attempt, Job, Requirements } from "./job.ts";
import { requirementsOf } from "./job.ts";

/** What the active attempts hold, counted. Changed by the world alone. */
export class InUse {
  /** Of the machine that all environments without instances share. */
  readonly machine = { vcpuMilli: 0, memoryMiB: 0, gpus: 0 };
  /** Of the machine, by account: on its instances, too, and not on machines of users' own. */
  readonly #byAccount = new Map<string, { -readonly [Part in keyof Requirements]: Requirements[Part] }>();
  readonly #vcpuMilliByEnvironment = new Map<string, number>();
  readonly #jobsByQueue = new Map<string, number>();
  /** Of clusters: those that have not begun. */
  readonly #startingPods = new Map<string, number>();
  /** By key, whether the resource exists or not. */
  readonly #byKey = new Map<string, number>();

  vcpuMilli(environmentArn: string): number {
    return this.#vcpuMilliByEnvironment.get(environmentArn) ?? 0;
  }

  heldBy(account: string): Requirements {
    return this.#byAccount.get(account) ?? NOTHING;
  }

  startingPods(environmentArn: string): number {
    return this.#startingPods.get(environmentArn) ?? 0;
  }

  jobs(queueArn: string): number {
    return this.#jobsByQueue.get(queueArn) ?? 0;
  }

  /** Of a consumable resource, or of what else has such a key. */
  of(key: string): number {
    return this.#byKey.get(key) ?? 0;
  }

  holdings(): Iterable<readonly [key: string, quantity: number]> {
    return this.#byKey;
  }

  /** An attempt begins or (`sign` -1) ends to hold what its job needs. */
  count(job: Job, attempt: Attempt, sign: 1 | -1): void {
    const { vcpuMilli, memoryMiB, gpus } = requirementsOf(job);
    for (const { key, quantity } of holdingsOf(job, attempt)) add(this.#byKey, key, sign * quantity);
    if (runsPodsOfCluster(attempt.driver)) {
      const isStarting = job.state.status === "STARTING" || job.state.status === "SCHEDULED";
      if (isStarting) add(this.#startingPods, attempt.environmentArn, sign * podsOf(job.scheduling));
    }
    if (hasShareOfMachine(attempt)) {
      this.machine.vcpuMilli += sign * vcpuMilli;
      this.machine.memoryMiB += sign * memoryMiB;
      this.machine.gpus += sign * gpus;
    }
    if (isOfThisMachine(attempt.driver)) this.#countOf(accountOf(job.queueArn), requirementsOf(job), sign);
    add(this.#vcpuMilliByEnvironment, attempt.environmentArn, sign * vcpuMilli);
    add(this.#jobsByQueue, job.queueArn, sign);
  }

  #countOf(account: string, { vcpuMilli, memoryMiB, gpus }: Requirements, sign: 1 | -1): void {
    let held = this.#byAccount.get(account);
    if (held === undefined) this.#byAccount.set(account, (held = { ...NOTHING }));
    held.vcpuMilli += sign * vcpuMilli;
    held.memoryMiB += sign * memoryMiB;
    held.gpus += sign * gpus;
  }
}

const NOTHING: Requirements = { vcpuMilli: 0, memoryMiB: 0, gpus: 0 };

function add(counts: Map<string, number>, key: string, quantity: number): void {
  const count = (counts.get(key) ?? 0) + quantity;
  if (count === 0) counts.delete(key);
  else counts.set(key, count);
}
