import Grid from "@cloudscape-design/components/grid";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { useQuery } from "@tanstack/react-query";
import type { SummaryReport } from "../../../../src/ports/summary-report.ts";
import { call } from "../../api/call.ts";
import { takeEarly } from "../../api/early.ts";
import { useLive } from "../../api/live.ts";
import { ErrorAlert } from "../../components/errors.tsx";
import { Loading } from "../../components/loading.tsx";
import { PageTitle } from "../../components/page-title.tsx";
import { AttentionList } from "./attention-list.tsx";
import { EnvironmentUse } from "./environment-use.tsx";
import { FirstSteps } from "./first-steps.tsx";
import { Numbers } from "./numbers.tsx";
import { OverTime } from "./over-time.tsx";

export default function Overview() {
  const summary = useQuery({
    queryKey: ["summary"],
    queryFn: ({ signal }) =>
      takeEarly<SummaryReport>("summary") ?? call<SummaryReport>("/longshore/summary", "longshore", { signal }),
  });
  useLive([["summary"], ["attention"]]);
  return (
    <SpaceBetween size="l">
      <PageTitle>Overview</PageTitle>
      {summary.data !== undefined ? (
        <Numbers jobs={summary.data.jobs} />
      ) : summary.error !== null ? (
        <ErrorAlert
          what="What there is could not be read"
          error={summary.error}
          onRetry={() => void summary.refetch()}
        />
      ) : (
        <Loading />
      )}
      <AttentionList />
      {summary.data !== undefined && <Shown summary={summary.data} />}
    </SpaceBetween>
  );
}

function Shown({ summary }: { readonly summary: SummaryReport }) {
  const { jobs } = summary;
  const isFresh =
    jobs.running + jobs.waiting + jobs.submittedLastDay + jobs.succeededLastDay + jobs.failedLastDay === 0;
  return (
    <SpaceBetween size="l">
      {isFresh && <FirstSteps />}
      <Grid gridDefinition={[{ colspan: { default: 12, m: 8 } }, { colspan: { default: 12, m: 4 } }]}>
        <OverTime />
        <EnvironmentUse environments={summary.environments} />
      </Grid>
    </SpaceBetween>
  );
}
