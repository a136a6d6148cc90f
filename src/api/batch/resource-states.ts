import type { ResourceRecord, ResourceTable } from "../../ports/store.ts";
import { clientException } from "../wire/errors.ts";
import { TEXTS } from "./texts.ts";

type Noun = "ComputeEnvironment" | "JobQueue" | "ServiceEnvironment" | "QuotaShare" | "SchedulingPolicy";

/** What is changing or going is not to be changed again (reference 6.7). */
export function checkUpdatable(noun: Noun, { name, status }: Pick<ResourceRecord<unknown>, "name" | "status">): void {
  if (status === "DELETING") throw clientException(TEXTS.isBeingDeleted(noun, name));
  if (isChanging(status)) throw clientException(TEXTS.updateOfChanging);
}

/** Reference 6.8. */
export function checkDeletable({ status, settings }: ResourceRecord<{ readonly state?: string | undefined }>): void {
  if (settings.state !== "DISABLED") throw clientException(TEXTS.mustBeDisabled);
  if (isChanging(status)) throw clientException(TEXTS.beingModified);
}

/** Writes what was read before, if nobody else has written it since; else the request is refused and nothing is done. */
export async function writeUnchanged<Settings>(
  table: Pick<ResourceTable<Settings>, "update">,
  noun: Noun,
  record: Pick<ResourceRecord<Settings>, "arn" | "version" | "name">,
  change: Pick<ResourceRecord<Settings>, "status" | "statusReason" | "settings">,
): Promise<void> {
  const isWritten = await table.update(record, change);
  if (!isWritten) throw clientException(TEXTS.concurrentUpdate(noun, record.name));
}

function isChanging(status: ResourceRecord<unknown>["status"]): boolean {
  return status === "CREATING" || status === "UPDATING";
}
