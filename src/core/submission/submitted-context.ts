import type { TraceContext } from "../trace-context.ts";
import { readTraceparent } from "../trace-context.ts";
import type { JobProperties } from "./job-properties.ts";

/** In which trace a job was submitted: what its environment says counts before the header of its request. */
export function submittedContext({
  container,
  ecsProperties,
  traceparent,
}: Pick<JobProperties, "container" | "ecsProperties"> & { readonly traceparent?: string }): TraceContext | undefined {
  const containers = [container, ...(ecsProperties?.taskProperties ?? []).flatMap((task) => task.containers ?? [])];
  const own = containers.flatMap((one) => one?.environment ?? []).find(({ name }) => name === "TRACEPARENT");
  return readTraceparent(own?.value) ?? readTraceparent(traceparent);
}
