import type { JobDetail } from "@aws-sdk/client-batch";
import Alert from "@cloudscape-design/components/alert";
import { useQuery } from "@tanstack/react-query";
import type { AdviceReport } from "../../../../../src/ports/cost-report.ts";
import type { UsageRequest } from "../../../../../src/ports/usage-series.ts";
import { call } from "../../../api/call.ts";
import { memoryText } from "./cost-section.tsx";

/** So much of what was asked for is too near to it. */
const NEARLY_ALL = 0.9;
/** Processors that are idle for more than this part of the time are too many. */
const HARDLY_USED = 0.5;

export interface SizeAdviceProps {
  readonly job: JobDetail;
  readonly request: UsageRequest;
}

/** What jobs of its definition that asked for the same have shown to need. */
export function SizeAdvice({ job, request }: SizeAdviceProps) {
  const { data } = useQuery({
    queryKey: ["advice"],
    queryFn: () => call<AdviceReport>("/longshore/advice", "longshore"),
    staleTime: 30_000,
  });
  const advice = data?.sizes.find(
    ({ jobDefinition, vcpus, memoryMiB }) =>
      jobDefinition === job.jobDefinition && vcpus === request.vcpus && memoryMiB === request.memoryMiB,
  );
  if (advice === undefined) return null;
  const { attempts, peakMemoryMiB: peak, enoughMemoryMiB: enough, vcpusUsed } = advice;
  const sentences = [
    ...(enough !== undefined && peak !== undefined
      ? [
          `${memoryText(enough)} of memory would have been enough for all of them: the most that one held was ${memoryText(peak)}.`,
        ]
      : []),
    ...(peak !== undefined && peak > NEARLY_ALL * request.memoryMiB
      ? [`One of them held ${memoryText(peak)}: it is near the end of its memory. More is safer.`]
      : []),
    ...(request.vcpus > 1 && vcpusUsed < HARDLY_USED * request.vcpus
      ? [`On average ${Number(vcpusUsed.toFixed(2))} of ${request.vcpus} vCPUs were busy: fewer would do.`]
      : []),
  ];
  if (sentences.length === 0) return null;
  return (
    <Alert type="info" statusIconAriaLabel="Information" header={`What ${attempts} attempts of this size have shown`}>
      {sentences.join(" ")}
    </Alert>
  );
}
