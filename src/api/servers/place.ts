import type { AdmissionRequest, ServiceName } from "../access/admission.ts";
import type { BatchOperationName } from "../wire/operations.ts";

/** Where a request can be answered, and what may be done when nobody knows whether it was. */
export interface Place {
  /**
   * `anywhere`: by any server, with nothing but the store. `where-known`: the same, once the leader has been asked for something by that account and region,
   * of which it then has made the first resources. `leader`: what needs the scheduler's memory, what two servers must not do at a time, and what shows the
   * output of jobs that run.
   */
  readonly where: "anywhere" | "where-known" | "leader";
  /** It changes nothing: it may be asked again. */
  readonly isRead: boolean;
}

type AskedRequest = Pick<AdmissionRequest, "method" | "path" | "search" | "headers" | "body">;

export function placeOf(service: ServiceName, request: AskedRequest): Place {
  const { method, path, headers } = request;
  switch (service) {
    case "sts":
      return { where: "anywhere", isRead: true };
    case "batch":
      return { where: WHERE_KNOWN.has(path.toLowerCase()) ? "where-known" : "leader", isRead: isBatchRead(request) };
    case "logs":
    case "ecs":
      return { where: "leader", isRead: READS.test(String(headers["x-amz-target"]).replace(/^.*\./, "")) };
    case "ec2":
      return { where: "leader", isRead: READS.test(actionOf(request)) };
    case "longshore":
      return { where: "leader", isRead: method === "GET" || OWN_READS.has(path) };
  }
}

/** They read and write rows, and leave the rest to whoever leads. */
const OPERATIONS_WHERE_KNOWN: readonly BatchOperationName[] = [
  ...(["SubmitJob", "SubmitServiceJob", "RegisterJobDefinition", "DescribeJobDefinitions"] as const),
  ...(["DescribeJobQueues", "DescribeSchedulingPolicies", "ListSchedulingPolicies"] as const),
];

const WHERE_KNOWN: ReadonlySet<string> = new Set(OPERATIONS_WHERE_KNOWN.map((name) => `/v1/${name.toLowerCase()}`));

/** POST, for what a URL has no room for. */
const OWN_READS: ReadonlySet<string> = new Set(["/longshore/dry-run", "/longshore/job-search", "/longshore/what-if"]);

const READS = /^(Describe|List|Get|Filter)/;

function isBatchRead({ method, path }: Pick<AdmissionRequest, "method" | "path">): boolean {
  return method === "GET" || /^\/v1\/(describe|list|get)/i.test(path);
}

function actionOf({ search, body }: Pick<AdmissionRequest, "search" | "body">): string {
  return new URLSearchParams(body?.toString("utf8")).get("Action") ?? new URLSearchParams(search).get("Action") ?? "";
}
