import type { OpenStore } from "../../src/store/store.ts";
import type { Clock } from "../../src/ports/clock.ts";
import type { FairPolicy } from "./fair-share.ts";
import type { EnvironmentDraw, Mix, QueueDraw } from "./mix.ts";
import { drawQueue } from "./mix.ts";
import type { QuotaModel } from "./workload.ts";
import type { Random } from "./random.ts";
import { Stock } from "./stock.ts";
import {
  BUDGET,
  consumableArn,
  CONSUMABLES,
  environmentArn,
  environmentSettings,
  policyArn,
  queueArn,
  queueSettings,
  quotaShareArn,
  LIBERAL_QUOTA,
  randomFairPolicy,
  randomQuota,
  randomLimits,
  SCOPE,
  SERVICE_ENVIRONMENT,
  SERVICE_QUEUE,
} from "./workload.ts";

/** A compute environment as the requests have made it. */
export interface EnvironmentModel extends EnvironmentDraw {
  /** What its jobs may hold: what ran when the maximum was lowered goes on. */
  readonly bound: number;
  readonly enabled: boolean;
}

/** A job queue as the requests have made it. */
export interface QueueModel {
  readonly priority: number;
  /** ARNs, in the order in which they are tried. */
  readonly environments: readonly string[];
  readonly isDeleting: boolean;
  /** Under a fair-share policy: what the engine may believe it to be, the present one last. */
  readonly policies?: readonly FairPolicy[];
}

const STATUS = { status: "CREATING", statusReason: "" } as const;
const CHANGED = { status: "UPDATING", statusReason: "" } as const;
const LIBERAL_MAXIMUM = 64;

/** The resources of the account: what users do to them, written to the store, and what they must be since. */
export class Resources {
  readonly environments = new Map<string, EnvironmentModel>();
  readonly queues = new Map<string, QueueModel>();
  readonly stock = new Stock();
  /** The engine has heard of every change of an environment or a queue. */
  isSettled = false;
  /** ARNs of queues to which jobs are still submitted: a name stays known for a while after the deletion. */
  readonly known = new Set<string>();
  readonly #consumables = new Set<string>();
  readonly #store: OpenStore;
  readonly #clock: Clock;
  readonly #random: Random;

  constructor(store: OpenStore, clock: Clock, random: Random) {
    this.#store = store;
    this.#clock = clock;
    this.#random = random;
  }

  async create({ environments, queues, quotaShares }: Mix): Promise<void> {
    for (const [n, draw] of environments.entries()) await this.#createEnvironment(n + 1, draw);
    for (const [n, draw] of queues.entries()) await this.#createQueue(n + 1, draw);
    await this.#createServiceQueue(quotaShares);
    await this.#createConsumable(BUDGET, 1_000_000);
    for (let n = 2; n <= CONSUMABLES; n += 1)
      if (this.#random.chance(0.8)) await this.#createConsumable(consumableArn(n), this.#random.int(1, 6));
  }

  async updateEnvironment(): Promise<void> {
    const maxvCpus = this.#random.pick([2, 4, 8, 64]);
    await this.#setEnvironment(this.#random.pick([...this.environments.keys()]), {
      maxvCpus,
      enabled: this.#random.chance(2 / 3),
    });
  }

  async updateQueue(): Promise<void> {
    if (this.known.size === 0) return;
    const record = await this.#store.queues.get(this.#random.pick([...this.known]));
    if (record === undefined || record.status === "DELETING") return;
    const priority = this.#random.int(1, 3);
    const settings = { ...record.settings, priority };
    if (!(await this.#store.queues.update(record, { ...CHANGED, settings }))) return;
    this.queues.set(record.arn, { ...this.queues.get(record.arn)!, priority });
  }

  /** Another distribution, at once. */
  async updatePolicy(): Promise<void> {
    const arns = [...this.queues].flatMap(([arn, { policies }]) => (policies === undefined ? [] : [arn]));
    if (arns.length === 0) return;
    const arn = this.#random.pick(arns);
    const record = (await this.#store.schedulingPolicies.get(policyArn(arn)))!;
    const policy = randomFairPolicy(this.#random);
    const settings = { fairsharePolicy: fairsharePolicy(policy), tags: {} };
    if (!(await this.#store.schedulingPolicies.update(record, { ...record, settings }))) return;
    const queue = this.queues.get(arn)!;
    this.queues.set(arn, { ...queue, policies: [...queue.policies!, policy] });
  }

  async deleteOrCreateQueue(): Promise<void> {
    const arn = queueArn(this.#random.int(1, 3));
    const record = await this.#store.queues.get(arn);
    if (record === undefined) return this.#createQueue(Number(arn.at(-1)), drawQueue(this.#random));
    if (record.status === "DELETING") return;
    const settings = { ...record.settings, state: "DISABLED" as const };
    if (!(await this.#store.queues.update(record, { ...CHANGED, status: "DELETING", settings }))) return;
    this.queues.set(arn, { ...this.queues.get(arn)!, isDeleting: true });
    // The name stays known for a while: submissions that were checked before the deletion come after it.
    if (this.#random.chance(0.5)) this.known.delete(arn);
  }

  async changeConsumable(): Promise<void> {
    const arn = consumableArn(this.#random.int(2, CONSUMABLES));
    const total = this.#random.int(0, 6);
    if (!this.#consumables.has(arn)) await this.#createConsumable(arn, total);
    else if (this.#random.chance(0.7)) await this.#setConsumable(arn, total);
    else {
      this.#consumables.delete(arn);
      this.stock.set(arn, 0);
      await this.#store.consumableResources.remove(arn);
    }
  }

  /** Room for everything that waits, so that it can end. */
  async makeRoom(): Promise<void> {
    for (const arn of this.environments.keys())
      await this.#setEnvironment(arn, { maxvCpus: LIBERAL_MAXIMUM, enabled: true });
    for (const arn of this.quotaShares.keys()) await this.#setQuotaShare(arn, LIBERAL_QUOTA);
    for (let n = 2; n <= CONSUMABLES; n += 1) {
      const arn = consumableArn(n);
      if (this.#consumables.has(arn)) await this.#setConsumable(arn, 1_000);
      else await this.#createConsumable(arn, 1_000);
    }
  }

  /** The engine has heard of everything. `used`: by environment, the vCPUs that its jobs hold. */
  rest(used: (environment: string) => number): void {
    this.stock.rest();
    this.isSettled = true;
    for (const [arn, models] of this.quotaShares) this.quotaShares.set(arn, models.slice(-1));
    for (const [arn, queue] of this.queues) {
      if (queue.policies !== undefined) this.queues.set(arn, { ...queue, policies: queue.policies.slice(-1) });
    }
    for (const [arn, model] of this.environments) {
      this.environments.set(arn, { ...model, bound: Math.max(model.maxvCpus, used(arn)) });
    }
  }

  async #createEnvironment(n: number, draw: EnvironmentDraw): Promise<void> {
    const arn = environmentArn(n);
    this.environments.set(arn, { ...draw, bound: draw.maxvCpus, enabled: true });
    const record = { arn, scope: SCOPE, name: `environment-${n}`, createdAt: this.#clock.now() };
    await this.#store.environments.insert({ ...record, ...STATUS, settings: environmentSettings(draw) });
  }

  async #setEnvironment(arn: string, { maxvCpus, enabled }: { maxvCpus: number; enabled: boolean }): Promise<void> {
    const record = (await this.#store.environments.get(arn))!;
    const { bound, hasInstances } = this.environments.get(arn)!;
    const settings = environmentSettings({ maxvCpus, hasInstances }, enabled ? "ENABLED" : "DISABLED");
    if (!(await this.#store.environments.update(record, { ...CHANGED, settings }))) return; // somebody else was first
    this.isSettled = false;
    this.environments.set(arn, { hasInstances, maxvCpus, bound: Math.max(maxvCpus, bound), enabled });
  }

  async #createQueue(n: number, { priority, order }: QueueDraw): Promise<void> {
    const arn = queueArn(n);
    const policies = order === "fair-share" ? [await this.#fairPolicy(arn)] : undefined;
    const chosen = [...this.environments.keys()].filter(() => this.#random.chance(0.8));
    const environments = chosen.length > 0 ? chosen : [environmentArn(1)];
    const record = { arn, scope: SCOPE, name: `queue-${n}`, createdAt: this.#clock.now() };
    const settings = {
      ...queueSettings(priority, environments),
      ...(policies !== undefined && { schedulingPolicyArn: policyArn(arn) }),
    };
    if (!(await this.#store.queues.insert({ ...record, ...STATUS, settings }))) return;
    this.known.add(arn);
    this.queues.set(arn, { priority, environments, isDeleting: false, ...(policies !== undefined && { policies }) });
  }

  async #fairPolicy(queue: string): Promise<FairPolicy> {
    const policy = randomFairPolicy(this.#random);
    const arn = policyArn(queue);
    const record = { arn, scope: SCOPE, name: arn.slice(arn.indexOf("/") + 1), createdAt: this.#clock.now() };
    const settings = { fairsharePolicy: fairsharePolicy(policy), tags: {} };
    const before = await this.#store.schedulingPolicies.get(arn);
    if (before !== undefined) await this.#store.schedulingPolicies.update(before, { ...before, settings });
    else await this.#store.schedulingPolicies.insert({ ...record, status: "VALID", statusReason: "", settings });
    return policy;
  }

  /** By ARN, what the engine may believe a quota share to be, the present one last. */
  readonly quotaShares = new Map<string, readonly QuotaModel[]>();

  async updateQuotaShare(): Promise<void> {
    if (this.quotaShares.size > 0)
      await this.#setQuotaShare(this.#random.pick([...this.quotaShares.keys()]), randomQuota(this.#random));
  }

  async #createQuotaShares(count: number): Promise<void> {
    const record = { scope: SCOPE, createdAt: this.#clock.now() };
    const settings = { quotaSharePolicy: { idleResourceAssignmentStrategy: "FIFO" as const }, tags: {} };
    const policy = { ...record, arn: policyArn(SERVICE_QUEUE), name: "of-queue-9", settings };
    await this.#store.schedulingPolicies.insert({ ...policy, status: "VALID", statusReason: "" });
    for (let n = 1; n <= count; n += 1) {
      const [arn, quota] = [quotaShareArn(n), randomQuota(this.#random)];
      const share = { ...record, ...STATUS, arn, name: `queue-9/share-${n}`, settings: quotaSettings(quota) };
      await this.#store.quotaShares.insert(share);
      this.quotaShares.set(arn, [quota]);
    }
  }

  async #setQuotaShare(arn: string, quota: QuotaModel): Promise<void> {
    const record = (await this.#store.quotaShares.get(arn))!;
    if (!(await this.#store.quotaShares.update(record, { ...CHANGED, settings: quotaSettings(quota) }))) return;
    this.quotaShares.set(arn, [...this.quotaShares.get(arn)!, quota]);
  }

  async #createServiceQueue(quotaShares: number): Promise<void> {
    if (quotaShares > 0) await this.#createQuotaShares(quotaShares);
    const capacityLimits = randomLimits(this.#random);
    for (const { capacityUnit, maxCapacity } of capacityLimits) this.stock.set(capacityUnit!, maxCapacity!);
    const record = { scope: SCOPE, createdAt: this.#clock.now(), ...STATUS };
    const settings = { serviceEnvironmentType: "SAGEMAKER_TRAINING", state: "ENABLED", capacityLimits } as const;
    await this.#store.serviceEnvironments.insert({ ...record, arn: SERVICE_ENVIRONMENT, name: "training", settings });
    const serviceEnvironmentOrder = [{ order: 1, serviceEnvironment: SERVICE_ENVIRONMENT }];
    const queue = {
      ...queueSettings(this.#random.int(1, 3), []),
      serviceEnvironmentOrder,
      ...(quotaShares > 0 && { schedulingPolicyArn: policyArn(SERVICE_QUEUE) }),
    };
    await this.#store.queues.insert({ ...record, arn: SERVICE_QUEUE, name: "queue-9", settings: queue });
  }

  async #createConsumable(arn: string, totalQuantity: number): Promise<void> {
    this.#consumables.add(arn);
    this.stock.set(arn, totalQuantity);
    const resourceType = arn === BUDGET ? "NON_REPLENISHABLE" : "REPLENISHABLE";
    const record = { arn, scope: SCOPE, name: arn.slice(arn.indexOf("/") + 1), createdAt: this.#clock.now() };
    const settings = { totalQuantity, resourceType, tags: {} } as const;
    await this.#store.consumableResources.insert({ ...record, status: "VALID", statusReason: "", settings });
  }

  async #setConsumable(arn: string, quantity: number): Promise<void> {
    this.stock.set(arn, quantity);
    await this.#store.consumableResources.changeTotal(arn, { operation: "SET", quantity }, undefined);
  }
}

function quotaSettings({ limits, strategy, borrowLimit, inSharePreemption }: QuotaModel) {
  return {
    jobQueueArn: SERVICE_QUEUE,
    capacityLimits: Object.entries(limits).map(([capacityUnit, maxCapacity]) => ({ capacityUnit, maxCapacity })),
    resourceSharingConfiguration: { strategy, ...(strategy === "LEND_AND_BORROW" && { borrowLimit }) },
    preemptionConfiguration: { inSharePreemption: inSharePreemption ? ("ENABLED" as const) : ("DISABLED" as const) },
    state: "ENABLED" as const,
    tags: {},
  };
}

function fairsharePolicy({ decaySeconds, reservationPercent, weights }: FairPolicy) {
  return {
    shareDecaySeconds: decaySeconds,
    computeReservation: reservationPercent,
    shareDistribution: weights.map(({ identifier, weight }) => ({ shareIdentifier: identifier, weightFactor: weight })),
  };
}
