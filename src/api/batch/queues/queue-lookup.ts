import type { QueueSettings, ResourceRecord } from "../../../ports/store.ts";
import { clientException } from "../../wire/errors.ts";
import type { Call } from "../../wire/operations.ts";
import type { Backend } from "../backend.ts";
import { nameOf, scopeOf, toArn } from "../names.ts";
import { findOwn } from "../resource-lookup.ts";
import { TEXTS } from "../texts.ts";

export async function findQueue(
  backend: Backend,
  call: Call,
  nameOrArn: string,
): Promise<ResourceRecord<QueueSettings>> {
  const record = await findOwn(backend.store.queues, call, toArn(call, "job-queue", nameOrArn));
  if (record === undefined) throw clientException(TEXTS.queueNotFound(nameOf(nameOrArn)));
  return record;
}

/** The queues that place jobs in an environment. */
export function queuesUsing(
  backend: Backend,
  call: Call,
  environmentArn: string,
): Promise<ResourceRecord<QueueSettings>[]> {
  return queuesWith(backend, call, (settings) => usesEnvironment(settings, environmentArn));
}

export async function queuesWith(
  backend: Backend,
  call: Call,
  isOne: (settings: QueueSettings) => boolean,
): Promise<ResourceRecord<QueueSettings>[]> {
  const using: ResourceRecord<QueueSettings>[] = [];
  let after = "";
  for (;;) {
    const page = await backend.store.queues.list(scopeOf(call), { after, limit: 100 });
    using.push(...page.filter(({ settings }) => isOne(settings)));
    if (page.length < 100) return using;
    after = page.at(-1)!.name;
  }
}

function usesEnvironment({ computeEnvironmentOrder }: QueueSettings, arn: string): boolean {
  return computeEnvironmentOrder?.some(({ computeEnvironment }) => computeEnvironment === arn) === true;
}
