import { invalidParameterException, logsValidationException, resourceAlreadyExistsException } from "../wire/errors.ts";
import type { Call, LogsHandlers, LogsInput } from "../wire/operations.ts";
import type { LogGroupChanges } from "../../ports/log-groups.ts";
import type { LogsBackend } from "./backend.ts";
import { DEFAULT_GROUP, groupOfIdentifier, noSuchGroup, requireKeptGroup, scopeOf } from "./groups.ts";
import { refuseReservedTags } from "./tag-operations.ts";
import { TEXTS } from "./texts.ts";

type Operations =
  | "CreateLogGroup"
  | "DeleteLogGroup"
  | "PutRetentionPolicy"
  | "DeleteRetentionPolicy"
  | "PutLogGroupDeletionProtection";

export function groupHandlers(backend: LogsBackend): Required<Pick<LogsHandlers, Operations>> {
  const { groups, clock } = backend;
  const change = async (name: string, changes: LogGroupChanges, call: Call): Promise<object> => {
    await requireKeptGroup(backend, call, name);
    if (!(await groups.change(scopeOf(call), name, changes))) throw noSuchGroup();
    return {};
  };
  return {
    async CreateLogGroup(input, call) {
      refuseUnavailable(input);
      const { logGroupName: name, logGroupClass, deletionProtectionEnabled, tags } = input;
      if (tags !== undefined) refuseReservedTags(tags);
      const settings = {
        ...(logGroupClass !== undefined && { logGroupClass }),
        ...(deletionProtectionEnabled === true && { deletionProtectionEnabled }),
        ...(tags !== undefined && { tags }),
      };
      const isCreated =
        name !== DEFAULT_GROUP && (await groups.create(scopeOf(call), { name, createdAt: clock.now(), settings }));
      if (!isCreated) throw resourceAlreadyExistsException(TEXTS.groupExists);
      return {};
    },
    async DeleteLogGroup({ logGroupName: name }, call) {
      const outcome = await groups.remove(scopeOf(call), name, clock.now());
      if (outcome === "protected") throw logsValidationException(TEXTS.protected);
      // The default group is there even when nothing was kept about it.
      if (outcome === "unknown" && name !== DEFAULT_GROUP) throw noSuchGroup();
      backend.removed();
      return {};
    },
    PutRetentionPolicy: ({ logGroupName, retentionInDays }, call) => change(logGroupName, { retentionInDays }, call),
    DeleteRetentionPolicy: ({ logGroupName }, call) => change(logGroupName, { retentionInDays: null }, call),
    PutLogGroupDeletionProtection: ({ logGroupIdentifier, deletionProtectionEnabled }, call) =>
      change(groupOfIdentifier(logGroupIdentifier, call), { deletionProtectionEnabled }, call),
  };
}

function refuseUnavailable({ logGroupName, kmsKeyId, logGroupClass }: LogsInput<"CreateLogGroup">): void {
  if (logGroupName.startsWith("aws/")) throw invalidParameterException(TEXTS.reservedName);
  if (kmsKeyId !== undefined) throw invalidParameterException(TEXTS.noKms);
  if (logGroupClass === "DELIVERY") throw invalidParameterException(TEXTS.noDelivery);
}
