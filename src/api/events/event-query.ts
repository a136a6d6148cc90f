import type { EventKind } from "../../core/events/event.ts";
import { EVENT_KINDS } from "../../core/events/event.ts";
import { SERVICE_JOB_STATUSES } from "../../core/job.ts";
import { DETAIL_TYPES } from "../../ports/event-report.ts";
import type { EventFilter, LoggedEvent } from "../../ports/events.ts";
import { scopeOf, toArn, toJobId } from "../batch/names.ts";
import { validationException } from "../wire/errors.ts";
import type { Call } from "../wire/operations.ts";

/** Which events a request is for. */
export interface EventQuery {
  readonly filter: EventFilter;
  readonly isBrief: boolean;
  /** ARNs; empty: of all. */
  readonly jobQueues: readonly string[];
  readonly matches: (event: LoggedEvent) => boolean;
}

const MAX_VALUES = 100;

/** A request's parameters, each of which must be asked for. */
export class EventParameters {
  readonly #given: URLSearchParams;
  readonly #known: readonly string[];

  constructor(search: string, more: readonly string[]) {
    this.#given = new URLSearchParams(search);
    this.#known = ["detail-type", "jobQueue", "jobId", "status", "view", "after", ...more];
    for (const name of this.#given.keys()) {
      // Of a signature that is in the URL.
      if (this.#known.includes(name) || name.startsWith("X-Amz-")) continue;
      throw validationException(`There is no parameter ${name.slice(0, 100)}: ${this.#known.join(", ")} are known.`);
    }
  }

  one(name: string): string | undefined {
    const values = this.#given.getAll(name);
    if (values.length > 1) throw validationException(`${name} may be given once.`);
    return values[0];
  }

  many(name: string): string[] {
    const values = this.#given.getAll(name);
    if (values.length > MAX_VALUES) throw validationException(`${name} may be given ${MAX_VALUES} times.`);
    return values;
  }

  /** A whole number up to `most`. */
  number(name: string, most: number, least = 0): number | undefined {
    const text = this.one(name);
    return text === undefined ? undefined : wholeNumber(name, text, least, most);
  }
}

export function wholeNumber(name: string, text: string, least: number, most: number): number {
  const number = /^\d{1,16}$/.test(text) ? Number(text) : NaN;
  if (number >= least && number <= most) return number;
  throw validationException(`${name} must be a whole number from ${least} to ${most}, not ${text.slice(0, 100)}.`);
}

export function eventQuery(parameters: EventParameters, call: Call): EventQuery {
  const kinds = parameters.many("detail-type").map(kindOf);
  const jobQueues = parameters.many("jobQueue").map((queue) => toArn(call, "job-queue", queue));
  const jobIds = parameters.many("jobId").map(toJobId);
  const statuses: readonly string[] = parameters.many("status").map((status) => known("status", status, STATUSES));
  const view = parameters.one("view");
  if (view !== undefined) known("view", view, ["brief", "full"]);
  return {
    filter: { scope: scopeOf(call), ...(kinds.length > 0 && { kinds }) },
    isBrief: view === "brief",
    jobQueues,
    matches: (event) => {
      const isOfJobs = jobQueues.length + jobIds.length + statuses.length > 0;
      if (event.kind === "scaling") return !isOfJobs;
      return (
        (jobQueues.length === 0 || jobQueues.includes(event.resource)) &&
        (jobIds.length === 0 || jobIds.includes(event.jobId)) &&
        (statuses.length === 0 || statuses.includes(event.facts.status))
      );
    },
  };
}

const STATUSES: readonly string[] = SERVICE_JOB_STATUSES;

function kindOf(detailType: string): EventKind {
  const types = Object.values<string>(DETAIL_TYPES);
  known("detail-type", detailType, types);
  return EVENT_KINDS.find((kind) => DETAIL_TYPES[kind] === detailType)!;
}

function known(name: string, value: string, values: readonly string[]): string {
  if (values.includes(value)) return value;
  throw validationException(`${name} must be one of ${values.join(", ")}, not ${value.slice(0, 100)}.`);
}
