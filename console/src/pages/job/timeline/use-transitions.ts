import type { JobDetail } from "@aws-sdk/client-batch";
import { useQuery } from "@tanstack/react-query";
import type { KeptEvents } from "../../../../../src/ports/event-report.ts";
import { call } from "../../../api/call.ts";
import type { Transition } from "./segments.ts";

/** Of a job with many attempts only the last ones. */
const MOST = 100;

/** When a job came into each of its states, as far as its events are kept. */
export function useTransitions({ jobId, jobArn }: JobDetail) {
  return useQuery({
    queryKey: ["job", jobId, "transitions"],
    queryFn: async (): Promise<Transition[]> => {
      const query = new URLSearchParams({ resource: jobArn!, view: "brief", limit: String(MOST) });
      const { events } = await call<KeptEvents>(`/longshore/events?${query}`, "longshore");
      return events.flatMap(({ at, kind, event: { detail } }) =>
        kind === "job" && "status" in detail ? [{ status: detail.status, at }] : [],
      );
    },
  });
}
