import { hexId } from "../../core/ids.ts";
import { instanceId } from "../../core/ecs-names.ts";
import { scopeOf } from "../batch/names.ts";
import type { MachineBackend } from "../ecs/backend.ts";
import type { EnvironmentRecord } from "../ecs/clusters.ts";
import { hasInstance, listEnvironments } from "../ecs/clusters.ts";
import type { QueryHandler } from "../wire/aws-query.ts";
import { ApiError } from "../wire/errors.ts";
import type { Call } from "../wire/operations.ts";
import type { QueryParameters } from "../wire/query-parameters.ts";
import { listOf, structuresOf } from "../wire/query-parameters.ts";
import type { Ec2Instance } from "./ec2-instance.ts";
import type { InstanceFilter } from "./instance-filters.ts";
import { checkFilters, passes } from "./instance-filters.ts";
import { describeMachine } from "./machine-instance.ts";
import { EC2_TEXTS } from "./texts.ts";

const MAX_IDS = 1_000;
const MAX_FILTERS = 50;
const MAX_FILTER_VALUES = 200;
const RUNNING = { code: 16, name: "running" };

/** Each compute environment has one instance, which stands for its share of this machine; on Fargate it has none. */
export function describeInstances(backend: MachineBackend): QueryHandler {
  return async (parameters, call) => {
    const { ids, filters, maxResults, nextToken, isDryRun } = readRequest(parameters);
    if (isDryRun) throw new ApiError("DryRunOperation", 412, EC2_TEXTS.dryRun);
    const environments = (await listEnvironments(backend, call)).filter(hasInstance);
    const wanted = ids.length === 0 ? environments : chosen(environments, ids);
    const query = ["ec2", scopeOf(call), ids, filters];
    const place = nextToken ? backend.tokens.open(query, nextToken) : { place: "" };
    if (place === undefined) throw new ApiError("InvalidNextToken", 400, EC2_TEXTS.nextToken);
    const instances = await Promise.all(wanted.map((environment) => toInstance(backend, environment)));
    const found = instances
      .filter((instance) => instance.instanceId > (place.place as string) && passes(instance, filters))
      .sort((a, b) => (a.instanceId < b.instanceId ? -1 : 1));
    const items = found.slice(0, maxResults);
    return {
      reservationSet: items.map((instance) => reservation(instance, call)),
      ...(items.length < found.length && { nextToken: backend.tokens.sign(query, items.at(-1)!.instanceId) }),
    };
  };
}

function readRequest(parameters: QueryParameters) {
  const ids = [...new Set(listOf(parameters, "InstanceId"))];
  if (ids.length > MAX_IDS) throw invalidValue(EC2_TEXTS.tooMany("InstanceId", MAX_IDS));
  const malformed = ids.find((id) => !/^i-([0-9a-f]{8}|[0-9a-f]{17})$/.test(id));
  if (malformed !== undefined) throw new ApiError("InvalidInstanceID.Malformed", 400, EC2_TEXTS.malformedId(malformed));
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

/** @throws InvalidInstanceID.NotFound */
function chosen(environments: readonly EnvironmentRecord[], ids: readonly string[]): EnvironmentRecord[] {
  const byId = new Map(environments.map((environment) => [instanceId(environment.arn), environment]));
  const unknown = ids.filter((id) => !byId.has(id));
  if (unknown.length > 0) throw new ApiError("InvalidInstanceID.NotFound", 400, EC2_TEXTS.idsNotFound(unknown));
  return ids.map((id) => byId.get(id)!);
}

async function toInstance(backend: MachineBackend, environment: EnvironmentRecord): Promise<Ec2Instance> {
  const { machine, scheduler } = backend;
  const { instanceType, availabilityZone, architecture, lifecycle } = describeMachine(
    machine,
    environment,
    scheduler.occupancy(environment.arn),
  );
  const tags = Object.entries(environment.settings.computeResources?.tags ?? {});
  return {
    instanceId: instanceId(environment.arn),
    instanceState: RUNNING,
    privateDnsName: machine.hostName,
    dnsName: "",
    amiLaunchIndex: 0,
    instanceType,
    launchTime: new Date(environment.createdAt).toISOString(),
    placement: { availabilityZone, groupName: "", tenancy: "default" },
    monitoring: { state: "disabled" },
    privateIpAddress: machine.address,
    architecture,
    instanceLifecycle: lifecycle,
    tagSet: tags.map(([key, value]) => ({ key, value })),
  };
}

function reservation(instance: Ec2Instance, { account }: Call) {
  const reservationId = `r-${hexId(`reservation of ${instance.instanceId}`, 17)}`;
  return { reservationId, ownerId: account, groupSet: [], instancesSet: [instance] };
}

function invalidValue(message: string): ApiError {
  return new ApiError("InvalidParameterValue", 400, message);
}
