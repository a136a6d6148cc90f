import type { ResourceRecord } from "../../ports/store.ts";
import { clientException } from "../wire/errors.ts";
import { TEXTS } from "./texts.ts";

type Noun = "ComputeEnvironment" | "JobQueue" | "ServiceEnvironment" | "QuotaShare";

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

function isChanging(status: ResourceRecord<unknown>["status"]): boolean {
  return status === "CREATING" || status === "UPDATING";
}
