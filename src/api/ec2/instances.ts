import { hexId } from "../../core/ids.ts";
import { scopeOf } from "../batch/names.ts";
import type { MachineBackend } from "../ecs/backend.ts";
import type { QueryHandler } from "../wire/aws-query.ts";
import { ApiError } from "../wire/errors.ts";
import type { Call } from "../wire/operations.ts";
import type { QueryParameters } from "../wire/query-parameters.ts";
import { listOf, structuresOf } from "../wire/query-parameters.ts";
import type { Ec2Instance } from "./ec2-instance.ts";
import { toEc2Instance } from "./ec2-instance.ts";
import type { FoundInstance } from "./instance-lookup.ts";
import { allInstances, chosenInstances, invalidValue, readInstanceIds } from "./instance-lookup.ts";
import type { InstanceFilter } from "./instance-filters.ts";
import { checkFilters, passes } from "./instance-filters.ts";
import { EC2_TEXTS } from "./texts.ts";

const MAX_FILTERS = 50;
const MAX_FILTER_VALUES = 200;

/** The instances of all compute environments, as `shownInstances` has them. */
export function describeInstances(backend: MachineBackend): QueryHandler {
  return async (parameters, call) => {
    const { ids, filters, maxResults, nextToken, isDryRun } = readRequest(parameters);
    if (isDryRun) throw new ApiError("DryRunOperation", 412, EC2_TEXTS.dryRun);
    const all = eachOnce(await allInstances(backend, call, "terminated too"));
    const wanted = ids.length === 0 ? all : chosenInstances(all, ids);
    const query = ["ec2", scopeOf(call), ids, filters];
    const place = nextToken ? backend.tokens.open(query, nextToken) : { place: "" };
    if (place === undefined) throw new ApiError("InvalidNextToken", 400, EC2_TEXTS.nextToken);
    const found = wanted
      .map((one) => toEc2Instance(one, backend.machine))
      .filter((instance) => instance.instanceId > (place.place as string) && passes(instance, filters))
      .sort((a, b) => (a.instanceId < b.instanceId ? -1 : 1));
    const items = found.slice(0, maxResults);
    return {
      reservationSet: items.map((instance) => reservation(instance, call)),
      ...(items.length < found.length && { nextToken: backend.tokens.sign(query, items.at(-1)!.instanceId) }),
    };
  };
}

/** A machine of a cluster is an instance of each environment there. */
function eachOnce(instances: readonly FoundInstance[]): FoundInstance[] {
  return [...new Map(instances.map((one) => [one.instance.id, one])).values()];
}

function readRequest(parameters: QueryParameters) {
  const ids = readInstanceIds(parameters);
  return {
    ids,
    filters: readFilters(parameters),
    maxResults: readMaxResults(parameters.get("MaxResults"), ids),
    nextToken: parameters.get("NextToken"),
    isDryRun: parameters.get("DryRun") === "true",
  };
}

function readFilters(parameters: QueryParameters): InstanceFilter[] {
  const filters = structuresOf(parameters, "Filter").map((one) => ({
    name: one.get("Name") ?? "",
    values: listOf(one, "Value"),
  }));
  if (filters.length > MAX_FILTERS) throw invalidValue(EC2_TEXTS.tooMany("Filter", MAX_FILTERS));
  if (filters.some(({ values }) => values.length > MAX_FILTER_VALUES)) {
    throw invalidValue(EC2_TEXTS.tooMany("Filter.Value", MAX_FILTER_VALUES));
  }
  checkFilters(filters);
  return filters;
}

function readMaxResults(text: string | undefined, ids: readonly string[]): number | undefined {
  if (text === undefined) return undefined;
  const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
  if (!(value >= 5 && value <= 1_000)) throw invalidValue(EC2_TEXTS.maxResults(text.slice(0, 100)));
  if (ids.length > 0) throw new ApiError("InvalidParameterCombination", 400, EC2_TEXTS.idsWithMaxResults);
  return value;
}

function reservation(instance: Ec2Instance, { account }: Call) {
  const reservationId = `r-${hexId(`reservation of ${instance.instanceId}`, 17)}`;
  return { reservationId, ownerId: account, groupSet: [], instancesSet: [instance] };
}
