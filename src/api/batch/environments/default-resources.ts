import { CAPACITY_TAG } from "../../../core/environment-tags.ts";
import { NO_IMAGE } from "../../../core/driver-name.ts";
import type { Call } from "../../wire/operations.ts";
import { clientException } from "../../wire/errors.ts";
import type { Backend } from "../backend.ts";
import { computeEnvironmentHandlers } from "./compute-environments.ts";
import { jobDefinitionHandlers } from "../definitions/job-definitions.ts";
import { jobQueueHandlers } from "../queues/job-queues.ts";
import { scopeOf } from "../names.ts";
import { TEXTS } from "../texts.ts";

const NAME = "default";

/** The compute environment, job queue and job definition named `default`, so that the first SubmitJob needs no setup. */
export class DefaultResources {
  readonly #backend: Backend;
  readonly #scopes = new Map<string, Promise<void>>();

  constructor(backend: Backend) {
    this.#backend = backend;
  }

  /** Makes them when an account and region is first seen. Who deletes them has them deleted for good. */
  ensure(call: Call): Promise<void> {
    const scope = scopeOf(call);
    let made = this.#scopes.get(scope);
    if (made === undefined) {
      if (this.#scopes.size >= MAX_REMEMBERED_SCOPES) this.#scopes.clear();
      made = this.#make(call);
      this.#scopes.set(scope, made);
      made.catch(() => this.#scopes.delete(scope));
    }
    return made;
  }

  async #make(call: Call): Promise<void> {
    // Whether the scope was seen before.
    const { store, limits } = this.#backend;
    if (await store.definitions.wasRegistered(scopeOf(call), NAME)) return;
    if ((await store.queues.regionsOf(call.account, limits.maxRegions)) >= limits.maxRegions) {
      throw clientException(TEXTS.tooManyRegions(limits.maxRegions));
    }
    await ignoreExisting(() =>
      computeEnvironmentHandlers(this.#backend).CreateComputeEnvironment(
        { computeEnvironmentName: NAME, type: "MANAGED", computeResources: MACHINE, tags: TAKES_SHARES },
        call,
      ),
    );
    const computeEnvironmentOrder = [{ order: 1, computeEnvironment: NAME }];
    await ignoreExisting(() =>
      jobQueueHandlers(this.#backend).CreateJobQueue(
        { jobQueueName: NAME, priority: 1, computeEnvironmentOrder },
        call,
      ),
    );
    await jobDefinitionHandlers(this.#backend).RegisterJobDefinition(
      { jobDefinitionName: NAME, type: "container", containerProperties: RUNS_TRUE },
      call,
    );
  }
}

const MAX_REMEMBERED_SCOPES = 1_000;

/** The network and role members mean nothing here; they are what AWS would require. */
const MACHINE = {
  type: "EC2" as const,
  minvCpus: 0,
  maxvCpus: 256,
  instanceTypes: ["optimal"],
  instanceRole: "ecsInstanceRole",
  subnets: ["subnet-default"],
  securityGroupIds: ["sg-default"],
};

/** Jobs of any size start at once, as long as the machine has room. */
const TAKES_SHARES = { [CAPACITY_TAG]: "shared" };

const RUNS_TRUE = {
  image: NO_IMAGE,
  command: ["true"],
  resourceRequirements: [
    { type: "VCPU" as const, value: "1" },
    { type: "MEMORY" as const, value: "64" },
  ],
};

/** After a crash between the steps, the first ones are there already. */
async function ignoreExisting(create: () => Promise<unknown>): Promise<void> {
  try {
    await create();
  } catch (error) {
    if (!(error instanceof Error) || !error.message.includes(TEXT_EXISTS)) throw error;
  }
}

const TEXT_EXISTS = "already exists";
