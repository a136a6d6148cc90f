import type { JobDetail } from "@aws-sdk/client-batch";
import Container from "@cloudscape-design/components/container";
import Header from "@cloudscape-design/components/header";
import KeyValuePairs from "@cloudscape-design/components/key-value-pairs";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { useQuery } from "@tanstack/react-query";
import type { AttemptUsage, CostTotals, JobUsage } from "../../../../../src/ports/cost-report.ts";
import { call } from "../../../api/call.ts";
import { Duration } from "../../../components/duration.tsx";
import { ErrorAlert } from "../../../components/errors.tsx";
import { Loading } from "../../../components/loading.tsx";
import { hasEnded } from "../job-state.ts";
import "./usage.css";

/** What runs costs more each second; nobody is told by an event. */
const EVERY_MS = 3_000;

export function CostSection({ job, isOfMany }: { readonly job: JobDetail; readonly isOfMany: boolean }) {
  const { data, error, isPending, refetch } = useQuery({
    queryKey: ["job", job.jobId, "usage"],
    queryFn: () => call<JobUsage>(`/longshore/jobs/${encodeURIComponent(job.jobId!)}/usage`, "longshore"),
    refetchInterval: hasEnded(job) ? false : EVERY_MS,
  });
  if (isPending) return <Loading what="Adding up" />;
  if (data === undefined) {
    return <ErrorAlert what="The cost cannot be told" error={error} onRetry={() => void refetch()} />;
  }
  const { total, attempts } = data;
  return (
    <Container
      header={
        <Header variant="h2" {...(isOfMany && { description: "Of all its children, or nodes, together." })}>
          Cost{total.running > 0 && " so far"}
        </Header>
      }
    >
      <SpaceBetween size="m">
        <KeyValuePairs
          columns={4}
          items={[
            { label: total.running > 0 ? "Cost so far" : "Cost", value: costText(total) },
            { label: "Held", value: `${hoursText(total.vcpuHours)} vCPU-h, ${hoursText(total.gibHours)} GiB-h` },
            { label: "Processor time used", value: cpuText(total) },
            {
              label: "Most memory held",
              value: total.peakMemoryMiB === undefined ? "Not known" : memoryText(total.peakMemoryMiB),
            },
            ...(total.gpuHours > 0 ? [{ label: "GPUs held", value: `${hoursText(total.gpuHours)} GPU-h` }] : []),
          ]}
        />
        {attempts.length > 0 && <AttemptsTable attempts={attempts} />}
      </SpaceBetween>
    </Container>
  );
}

function AttemptsTable({ attempts }: { readonly attempts: readonly AttemptUsage[] }) {
  return (
    // It scrolls on a phone, so the keyboard has to get into it.
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex
    <section className="usage-table" aria-label="Cost of each attempt" tabIndex={0}>
      <table>
        <thead>
          <tr>
            <th scope="col">Attempt</th>
            <th scope="col">Ran for</th>
            <th scope="col">Asked for</th>
            <th scope="col">Processor time</th>
            <th scope="col">Most memory</th>
            <th scope="col">Instance</th>
            <th scope="col">Cost</th>
          </tr>
        </thead>
        <tbody>
          {attempts.map((attempt, index) => (
            <tr key={attempt.attemptId}>
              <td>{index + 1}</td>
              <td>
                <Duration from={attempt.startedAt} to={attempt.stoppedAt} />
              </td>
              <td>
                {attempt.vcpus} vCPU, {memoryText(attempt.memoryMiB)}
                {attempt.gpus > 0 && `, ${attempt.gpus} GPU`}
              </td>
              <td>{attempt.cpuSeconds === undefined ? "–" : secondsText(attempt.cpuSeconds)}</td>
              <td>{attempt.peakMemoryMiB === undefined ? "–" : memoryText(attempt.peakMemoryMiB)}</td>
              <td>{attempt.instances ?? "–"}</td>
              <td>{attempt.usd === undefined ? "Not known" : usdText(attempt.usd)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

function costText({ usd, attempts, unpriced }: CostTotals): string {
  if (attempts === 0) return usdText(0);
  if (unpriced === attempts) return "No price is known";
  return unpriced === 0 ? usdText(usd) : `${usdText(usd)}, and ${unpriced} of ${attempts} attempts without a price`;
}

function cpuText({ cpuHours, unmeasured, attempts }: CostTotals): string {
  if (attempts === 0) return "–";
  if (unmeasured === attempts) return "Known at its end";
  return secondsText(cpuHours * 3600);
}

/** Jobs of a second cost parts of a cent. */
export function usdText(usd: number): string {
  if (usd === 0) return "$0";
  return usd >= 0.01 ? `$${usd.toFixed(2)}` : `$${Number(usd.toPrecision(2))}`;
}

function hoursText(hours: number): string {
  return hours === 0 || hours >= 100 ? String(Math.round(hours)) : String(Number(hours.toPrecision(3)));
}

function secondsText(seconds: number): string {
  if (seconds < 100) return `${Number(seconds.toPrecision(3))} s`;
  return seconds < 6000 ? `${(seconds / 60).toFixed(1)} min` : `${(seconds / 3600).toFixed(1)} h`;
}

export function memoryText(mib: number): string {
  if (mib < 1024) return `${Math.round(mib)} MiB`;
  return `${Number((mib / 1024).toFixed(mib < 10_240 ? 2 : 1))} GiB`;
}
