import type { Tagged } from "../../ports/store.ts";
import { invalidParameterException, tooManyTagsException } from "../wire/errors.ts";
import type { Call, LogsHandlers } from "../wire/operations.ts";
import type { LogsBackend } from "./backend.ts";
import { groupOfIdentifier, noSuchGroup, requireGroup, requireKeptGroup, scopeOf } from "./groups.ts";
import { TEXTS } from "./texts.ts";

type Operations =
  | "TagResource"
  | "UntagResource"
  | "ListTagsForResource"
  | "TagLogGroup"
  | "UntagLogGroup"
  | "ListTagsLogGroup";

const MAX_TAGS = 50;

/** Tags of log groups, with today's operations, which take ARNs, and with those of before, which take names. */
export function tagHandlers(backend: LogsBackend): Required<Pick<LogsHandlers, Operations>> {
  const tag = async (name: string, changes: Readonly<Record<string, string | null>>, call: Call): Promise<object> => {
    await requireKeptGroup(backend, call, name);
    const tagged: Tagged = { kind: "log-group", scope: scopeOf(call), name };
    const outcome = await backend.tags.change(tagged, changes, MAX_TAGS);
    if (outcome === "unknown") throw noSuchGroup();
    if (outcome === "too many") throw tooManyTagsException(TEXTS.tooManyTags);
    return {};
  };
  const add = (name: string, tags: Readonly<Record<string, string>>, call: Call): Promise<object> => {
    refuseReservedTags(tags);
    return tag(name, tags, call);
  };
  const remove = (name: string, keys: readonly string[], call: Call): Promise<object> =>
    tag(name, Object.fromEntries(keys.map((key) => [key, null])), call);
  const show = async (name: string, call: Call): Promise<{ tags: Record<string, string> }> => {
    const { settings } = await requireGroup(backend, call, name);
    return { tags: { ...settings.tags } };
  };
  return {
    TagResource: async ({ resourceArn, tags }, call) => add(groupOfArn(resourceArn, call), tags, call),
    UntagResource: async ({ resourceArn, tagKeys }, call) => remove(groupOfArn(resourceArn, call), tagKeys, call),
    ListTagsForResource: async ({ resourceArn }, call) => show(groupOfArn(resourceArn, call), call),
    TagLogGroup: ({ logGroupName, tags }, call) => add(logGroupName, tags, call),
    UntagLogGroup: ({ logGroupName, tags }, call) => remove(logGroupName, tags, call),
    ListTagsLogGroup: ({ logGroupName }, call) => show(logGroupName, call),
  };
}

function groupOfArn(arn: string, call: Call): string {
  if (!arn.startsWith("arn:")) throw invalidParameterException(TEXTS.notGroupArn(arn));
  return groupOfIdentifier(arn, call);
}

/** @throws InvalidParameterException. */
export function refuseReservedTags(tags: Readonly<Record<string, string>>): void {
  const isReserved = (text: string): boolean => /^aws:/i.test(text);
  if (Object.entries(tags).flat().some(isReserved)) throw invalidParameterException(TEXTS.reservedTag);
}
