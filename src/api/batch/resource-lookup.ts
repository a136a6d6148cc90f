import type { ResourceRecord, ResourceTable } from "../../ports/store.ts";
import { clientException } from "../wire/errors.ts";
import type { Call } from "../wire/operations.ts";
import type { Backend } from "./backend.ts";
import type { NamedResource } from "./names.ts";
import { arnOf, scopeOf, toArn } from "./names.ts";
import type { PageRequest } from "./pages.ts";
import { checkOnlyPage, Pages, pageSize } from "./pages.ts";
import { TEXTS } from "./texts.ts";

type Readable<Entry> = { get(arn: string): Promise<Entry | undefined> };

/** A resource of the caller's own account and region. */
export async function findOwn<Entry extends ResourceRecord<unknown>>(
  table: Readable<Entry>,
  call: Call,
  arn: string,
): Promise<Entry | undefined> {
  const record = await table.get(arn);
  return record?.scope === scopeOf(call) ? record : undefined;
}

/** Those of the named that exist, each once, in the order in which they were asked for: at most 100. */
export async function findNamed<Entry extends ResourceRecord<unknown>>(
  table: Readable<Entry>,
  call: Call,
  type: NamedResource,
  [member, names]: readonly [member: string, names: readonly string[]],
  page: PageRequest = {},
): Promise<Entry[]> {
  checkOnlyPage(page);
  if (names.length > 100) throw clientException(TEXTS.tooManyNames(member));
  const arns = new Set(names.map((name) => toArn(call, type, name)));
  const found = await Promise.all([...arns].map((arn) => findOwn(table, call, arn)));
  return found.flatMap((record) => record ?? []);
}

/** One page of the caller's resources of a kind, in order of name. */
export async function listOwn<Settings>(
  backend: Backend,
  table: Pick<ResourceTable<Settings>, "list">,
  call: Call,
  operation: string,
  { maxResults, nextToken }: PageRequest,
): Promise<{ items: ResourceRecord<Settings>[]; nextToken?: string }> {
  const scope = scopeOf(call);
  const pages = new Pages<string>(backend, call, [operation], nextToken, pageSize(maxResults));
  const read = await table.list(scope, {
    ...(pages.position !== undefined && { after: pages.position }),
    limit: pages.size + 1,
  });
  return pages.page(read, ({ name }) => name);
}

/** Whether an ARN is of that type and of the caller's account and region. */
export function isOwnArn(call: Call, type: NamedResource, arn: string): boolean {
  return arn.startsWith(arnOf(call, type, ""));
}
