import Container from "@cloudscape-design/components/container";
import Header from "@cloudscape-design/components/header";
import { ErrorAlert } from "../../components/errors.tsx";
import { pointsOf, useHistory } from "../../components/resources/history.ts";
import { SpanControl, useSpan } from "../../components/resources/span-control.tsx";
import { TimeChart } from "../../components/chart/time-chart.tsx";

export interface EnvironmentChartsProps {
  readonly name: string;
  readonly arn: string;
  /** maxvCpus, where there is one. */
  readonly most: number | undefined;
}

/** What jobs held, against what there was. */
export function EnvironmentCharts({ name, arn, most }: EnvironmentChartsProps) {
  const span = useSpan();
  const { data, error, refetch } = useHistory({ environment: name }, span);
  const found = data?.series.environments.find(({ computeEnvironmentArn }) => computeEnvironmentArn === arn);
  const times = data?.series.times ?? [];
  const to = data?.to ?? 0;
  const from = data?.from ?? 0;
  const series = [
    { title: "vCPUs in use", points: pointsOf(times, found?.vcpusInUse) },
    { title: "vCPUs wanted", points: pointsOf(times, found?.desiredvCpus) },
    { title: "Instances", points: pointsOf(times, found?.instances) },
  ].filter(({ points }) => points.length > 0);
  return (
    <Container
      header={
        <Header variant="h2" actions={<SpanControl />} description="What jobs held, and what was wanted for them.">
          Capacity and demand
        </Header>
      }
    >
      {error !== null && data === undefined ? (
        <ErrorAlert what="The history could not be read" error={error} onRetry={() => void refetch()} />
      ) : (
        <TimeChart
          label={`vCPUs and instances of ${name} over time`}
          series={series}
          from={from}
          to={to}
          {...(most !== undefined && { threshold: { title: "Most vCPUs", value: most } })}
          empty="Nothing is known of this time yet."
        />
      )}
    </Container>
  );
}
