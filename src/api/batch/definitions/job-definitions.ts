import type { JobDefinition } from "@aws-sdk/client-batch";
import type { DefinitionRecord } from "../../../ports/store.ts";
import { clientException } from "../../wire/errors.ts";
import type { BatchHandlers, BatchInput, Call } from "../../wire/operations.ts";
import type { Backend } from "../backend.ts";
import { REGISTER_RULES } from "./definition-rules.ts";
import { newSettings } from "./definition-settings.ts";
import { arnOf, nameOf, RESOURCE_NAME, scopeOf, toArn } from "../names.ts";
import { validateOwnTags } from "../tags/own-tags.ts";
import { checkOnlyPage, Pages, pageSize } from "../pages.ts";
import { isOwnArn } from "../resource-lookup.ts";
import type { Rule } from "../rules.ts";
import { check, quotingRule, rule } from "../rules.ts";
import { TEXTS } from "../texts.ts";

type Operations = "RegisterJobDefinition" | "DescribeJobDefinitions" | "DeregisterJobDefinition";

/** Job definitions and their revisions (reference 4). */
export function jobDefinitionHandlers(backend: Backend): Required<Pick<BatchHandlers, Operations>> {
  const { store, clock, limits } = backend;
  return {
    async RegisterJobDefinition(input, call) {
      check(REGISTER_RULES, { input, region: call.region });
      validateOwnTags(input.tags, limits);
      const name = input.jobDefinitionName;
      const record = await store.definitions.register({
        scope: scopeOf(call),
        name,
        unrevisionedArn: arnOf(call, "job-definition", name),
        createdAt: clock.now(),
        settings: newSettings(input),
      });
      return { jobDefinitionName: name, jobDefinitionArn: record.arn, revision: record.revision };
    },

    async DescribeJobDefinitions(input, call) {
      check(DESCRIBE_RULES, input);
      const { jobDefinitions, jobDefinitionName, status, maxResults, nextToken } = input;
      const scope = scopeOf(call);
      const name = jobDefinitionName?.startsWith("arn:") ? nameOf(jobDefinitionName) : jobDefinitionName;
      if (jobDefinitions !== undefined && jobDefinitions.length > 0) {
        checkOnlyPage({ maxResults, nextToken });
        const found = await Promise.all([...new Set(jobDefinitions)].map((one) => findRevision(backend, call, one)));
        const asked = found.filter((one) => (!name || one?.name === name) && (!status || one?.status === status));
        return { jobDefinitions: asked.flatMap((record) => (record ? [toDetail(record)] : [])) };
      }
      const query = { ...(name !== undefined && { name }), ...(status && { status }) };
      const pages = new Pages<{ name: string; revision: number }>(
        backend,
        call,
        ["DescribeJobDefinitions", query],
        nextToken,
        pageSize(maxResults),
      );
      const read = await store.definitions.list(scope, {
        ...query,
        ...(pages.position !== undefined && { after: pages.position }),
        limit: pages.size + 1,
      });
      const { items, ...more } = pages.page(read, (last) => ({ name: last.name, revision: last.revision }));
      return { jobDefinitions: items.map(toDetail), ...more };
    },

    async DeregisterJobDefinition({ jobDefinition }, call) {
      check(DEREGISTER_RULES, { jobDefinition });
      const record = await findRevision(backend, call, jobDefinition);
      if (record === undefined) throw clientException(TEXTS.definitionNotActive(nameOf(jobDefinition)));
      await store.definitions.deregister(record.arn, clock.now());
      return {};
    },
  };
}

export const DESCRIBE_RULES: readonly Rule<BatchInput<"DescribeJobDefinitions">>[] = [
  quotingRule<BatchInput<"DescribeJobDefinitions">, "tooManyNames">(
    "tooManyNames",
    ({ jobDefinitions = [] }) => (jobDefinitions.length > 100 ? ["jobDefinitions"] : undefined),
    "bare",
  ),
  quotingRule<BatchInput<"DescribeJobDefinitions">, "definitionStatus">(
    "definitionStatus",
    ({ status }) => (!status || status === "ACTIVE" || status === "INACTIVE" ? undefined : [status]),
    "bare",
  ),
];

/** Which revision is meant must be said (reference 10, no. 45). */
export const DEREGISTER_RULES: readonly Rule<BatchInput<"DeregisterJobDefinition">>[] = [
  rule("definitionRevisionRequired", ({ jobDefinition }) => !/:\d+$/.test(jobDefinition), "bare"),
];

/** The ACTIVE definition that SubmitJob means: `name`, `name:revision`, or an ARN with or without revision (reference 4.1). */
export async function findActive(backend: Backend, call: Call, value: string): Promise<DefinitionRecord> {
  const isArn = value.startsWith("arn:");
  const [name, revision, ...rest] = nameOf(value).split(":");
  if (!RESOURCE_NAME.test(name!) || rest.length > 0 || (revision !== undefined && !/^\d+$/.test(revision))) {
    throw clientException(TEXTS.definitionName(value));
  }
  const record = await findRevision(backend, call, value);
  if (record?.status === "ACTIVE") return record;
  throw clientException(isArn ? TEXTS.definitionArnNotFound(value) : TEXTS.definitionNotActive(value));
}

/** Without a revision, the latest ACTIVE one. What another account or region has is not known here. */
async function findRevision(backend: Backend, call: Call, value: string): Promise<DefinitionRecord | undefined> {
  const { definitions } = backend.store;
  const arn = toArn(call, "job-definition", value);
  if (!isOwnArn(call, "job-definition", arn)) return undefined;
  const name = nameOf(arn);
  return /:\d+$/.test(name) ? definitions.get(arn) : definitions.latestActive(scopeOf(call), name);
}

function toDetail({ arn, name, revision, status, settings }: DefinitionRecord): JobDefinition {
  return { jobDefinitionName: name, jobDefinitionArn: arn, revision, status, ...settings };
}
