import Box from "@cloudscape-design/components/box";
import Table from "@cloudscape-design/components/table";
import { useQuery } from "@tanstack/react-query";
import type { SharesAnswer } from "../../../../src/ports/share-report.ts";
import { call } from "../../api/call.ts";
import type { WeightRow } from "./policy-values.ts";
import { previewed } from "./policy-values.ts";

const EVERY_MS = 5_000;

export interface WeightsPreviewProps {
  /** Its name. */
  readonly queue: string;
  readonly weights: readonly WeightRow[];
}

/** Who would be next in a queue with these weights, as things stand now. */
export function WeightsPreview({ queue, weights }: WeightsPreviewProps) {
  const { data } = useQuery({
    queryKey: ["queue", queue, "shares"],
    queryFn: () => call<SharesAnswer>(`/longshore/queues/${encodeURIComponent(queue)}/shares`, "longshore"),
    refetchInterval: EVERY_MS,
  });
  const shares = data?.fairShare?.shares ?? [];
  if (shares.length === 0) return <Box color="text-body-secondary">No share of the queue {queue} is active now.</Box>;
  return (
    <Table
      variant="embedded"
      wrapLines
      header={<Box variant="h3">With these weights, in {queue} now</Box>}
      items={previewed(shares, weights).map((share, at) => ({ ...share, turn: at + 1 }))}
      trackBy="share"
      ariaLabels={{ tableLabel: `Shares of ${queue} with these weights` }}
      columnDefinitions={[
        { id: "turn", header: "Turn", cell: ({ turn, waits }) => (waits ? turn : "Nothing waits") },
        { id: "share", header: "Share", cell: ({ share }) => share },
        {
          id: "weight",
          header: "Weight",
          cell: ({ weight, before }) =>
            weight === undefined ? "Not a weight" : weight === before ? weight : `${weight} (now ${before})`,
        },
        {
          id: "standing",
          header: "Used × weight, vCPU s",
          cell: ({ standing }) => Math.round(standing).toLocaleString("en"),
        },
      ]}
    />
  );
}
