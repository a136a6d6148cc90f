import { useQuery } from "@tanstack/react-query";
import type { HistoryReport, Values } from "../../../../src/ports/history-report.ts";
import { call } from "../../api/call.ts";
import type { TimePoint } from "../chart/time-chart.tsx";

const EVERY_MS = 30_000;
const HOUR_MS = 3_600_000;

export interface Span {
  readonly id: string;
  readonly text: string;
  readonly hours: number;
}

/** How far back charts look. */
export const SPANS: readonly Span[] = [
  { id: "1h", text: "1 hour", hours: 1 },
  { id: "6h", text: "6 hours", hours: 6 },
  { id: "1d", text: "1 day", hours: 24 },
  { id: "7d", text: "7 days", hours: 168 },
];

/** What a queue or an environment was like over time. */
export function useHistory(of: { readonly queue: string } | { readonly environment: string }, span: Span) {
  return useQuery({
    queryKey: ["history", of, span.id],
    queryFn: () => {
      const to = Date.now();
      const query = new URLSearchParams({ ...of, from: new Date(to - span.hours * HOUR_MS).toISOString() });
      return call<HistoryReport>(`/longshore/history?${query.toString()}`, "longshore");
    },
    refetchInterval: EVERY_MS,
    placeholderData: (before) => before,
  });
}

/** The steps of which something is known. */
export function pointsOf(times: readonly number[], values: Values | undefined): TimePoint[] {
  return (values ?? []).flatMap((value, at) => (value === null ? [] : [{ at: times[at]!, value }]));
}
