import type { QueueSettings } from "../../../ports/store.ts";
import { clientException } from "../../wire/errors.ts";
import type { Call } from "../../wire/operations.ts";
import type { Backend } from "../backend.ts";
import { findOwn } from "../resource-lookup.ts";
import { TEXTS } from "../texts.ts";

/** The scheduling policy of a new queue exists, and is for such a queue (reference 7.1, 3.9). */
export async function checkPolicy(
  backend: Backend,
  call: Call,
  arn: string,
  { isTraining }: { isTraining: boolean },
): Promise<{ isQuota: boolean }> {
  if (!/^arn:[^:]*:batch:[^:]*:[^:]*:scheduling-policy\//.test(arn)) throw clientException(TEXTS.policyArnOnly);
  const policy = await findOwn(backend.store.schedulingPolicies, call, arn);
  if (policy === undefined) throw clientException(TEXTS.policyNotFound(arn));
  const isQuota = policy.settings.quotaSharePolicy !== undefined;
  if (isQuota && !isTraining) throw clientException(TEXTS.notSageMaker);
  return { isQuota };
}

/** A policy is replaced by one of its kind. */
export async function checkNewPolicy(backend: Backend, call: Call, queue: QueueSettings, arn: string): Promise<void> {
  const isTraining = queue.jobQueueType === "SAGEMAKER_TRAINING";
  const before = await checkPolicy(backend, call, queue.schedulingPolicyArn!, { isTraining });
  const after = await checkPolicy(backend, call, arn, { isTraining });
  if (before.isQuota !== after.isQuota) throw clientException(TEXTS.policyKindFixed);
}
