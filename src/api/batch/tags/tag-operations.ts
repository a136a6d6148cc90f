import { parseChildId, parseNodeId } from "../../../core/ids.ts";
import type { Tagged } from "../../../ports/store.ts";
import { clientException, validationException } from "../../wire/errors.ts";
import type { BatchHandlers, BatchInput, Call } from "../../wire/operations.ts";
import type { Backend } from "../backend.ts";
import type { Limits } from "../limits.ts";
import { scopeOf } from "../names.ts";
import { OWN_ENVIRONMENT_TAG_RULES, OWN_QUEUE_TAG_RULES, OWN_TAG_RULES } from "./own-tags.ts";
import type { Rule } from "../rules.ts";
import { check, each, rule, within } from "../rules.ts";
import { CAPACITY_TAG_RULES, DRIVER_TAG_RULES, MAX_TAGS, TAG_KEY_RULES, TAG_RULES } from "./tags.ts";
import { TEXTS } from "../texts.ts";

type Operations = "TagResource" | "UntagResource" | "ListTagsForResource";

/** Tags of whatever has an ARN and can have some (reference 1.7). */
export function tagHandlers(backend: Backend): Required<Pick<BatchHandlers, Operations>> {
  const { tags: table } = backend.store;
  const change = async (arn: string, tagged: Tagged, changes: Record<string, string | null>): Promise<void> => {
    const outcome = await table.change(tagged, changes, MAX_TAGS);
    if (outcome === "unknown") throw clientException(TEXTS.resourceNotFound(arn));
    if (outcome === "too many") throw validationException(TEXTS.tooManyTags);
    // A tag of a compute environment may pick its driver, one of a queue its order.
    if (tagged.kind === "resource") await backend.scheduler.nudgeResources();
  };
  return {
    async TagResource({ resourceArn, tags }, call) {
      const { tagged, type } = parseArn(call, resourceArn);
      check(TAG_RESOURCE_RULES, { tags, type, limits: backend.limits });
      await change(resourceArn, tagged, tags);
      return {};
    },
    async UntagResource({ resourceArn, tagKeys }, call) {
      const { tagged } = parseArn(call, resourceArn);
      check(UNTAG_RESOURCE_RULES, { tagKeys });
      await change(resourceArn, tagged, Object.fromEntries(tagKeys.map((key) => [key, null])));
      return {};
    },
    async ListTagsForResource({ resourceArn }, call) {
      const tags = await table.get(parseArn(call, resourceArn).tagged);
      if (tags === undefined) throw clientException(TEXTS.resourceNotFound(resourceArn));
      return { tags };
    },
  };
}

interface Tagging {
  readonly tags: BatchInput<"TagResource">["tags"];
  readonly type: string;
  readonly limits: Limits;
}

const PICKS_DRIVER: ReadonlySet<string> = new Set(["compute-environment", "service-environment"]);

const OF_JOBS: ReadonlySet<string> = new Set(["job", "job-definition"]);

export const TAG_RESOURCE_RULES: readonly Rule<Tagging>[] = [
  rule("noTags", ({ tags }) => Object.keys(tags).length === 0),
  within(({ tags }) => tags, TAG_RULES),
  within(({ tags, type }) => (PICKS_DRIVER.has(type) ? tags : undefined), DRIVER_TAG_RULES),
  within(({ tags, type }) => (type === "compute-environment" ? tags : undefined), CAPACITY_TAG_RULES),
  within(({ tags, type, limits }) => (limits.extensions && OF_JOBS.has(type) ? tags : undefined), OWN_TAG_RULES),
  within(
    ({ tags, type, limits }) => (limits.extensions && type === "job-queue" ? tags : undefined),
    OWN_QUEUE_TAG_RULES,
  ),
  within(
    ({ tags, type, limits }) => (limits.extensions && type === "compute-environment" ? tags : undefined),
    OWN_ENVIRONMENT_TAG_RULES,
  ),
];

export const UNTAG_RESOURCE_RULES: readonly Rule<{ readonly tagKeys: readonly string[] }>[] = [
  rule("tagKeyCount", ({ tagKeys }) => tagKeys.length === 0 || tagKeys.length > MAX_TAGS),
  each(({ tagKeys }) => tagKeys, TAG_KEY_RULES),
];

/** By the type in the ARN. The ARN of a quota share begins with that of its queue. */
const KINDS: Readonly<Record<string, Exclude<Tagged["kind"], "log-group">>> = {
  "compute-environment": "resource",
  "job-queue": "resource",
  "scheduling-policy": "resource",
  "service-environment": "resource",
  "consumable-resource": "resource",
  "job-definition": "definition",
  job: "job",
  "service-job": "service-job",
};

const SHARE_IN_QUEUE = "/quota-share/";

/** `arn:partition:batch:region:account:type/name`. */
const ARN = /^arn:aws[a-z-]*:batch:([a-z0-9-]+):(\d{12}):([a-z-]+)\/(.+)$/;

function parseArn(call: Call, arn: string): { tagged: Tagged; type: string } {
  const [, region, account, type = "", name = ""] = ARN.exec(arn) ?? [];
  const kind = Object.hasOwn(KINDS, type) ? KINDS[type]! : undefined;
  if (kind === undefined) throw validationException(TEXTS.resourceArn(arn));
  // What another account or region has is not known here.
  if (region !== call.region || account !== call.account) throw clientException(TEXTS.resourceNotFound(arn));
  if (kind !== "job" && kind !== "service-job") {
    return { tagged: { kind, arn }, type: name.includes(SHARE_IN_QUEUE) ? "quota-share" : type };
  }
  if (parseChildId(name) !== undefined || parseNodeId(name) !== undefined) {
    throw validationException(TEXTS.childTags(arn));
  }
  return { tagged: { kind, id: name, scope: scopeOf(call) }, type };
}
