import Alert from "@cloudscape-design/components/alert";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Tabs from "@cloudscape-design/components/tabs";
import { Suspense } from "react";
import { useParams, useSearchParams } from "wouter";
import { errorText, ErrorAlert } from "../../components/errors.tsx";
import { Loading } from "../../components/loading.tsx";
import { PageTitle } from "../../components/page-title.tsx";
import { JobHeader } from "./job-header.tsx";
import { jobIdOfPath } from "./job-id.ts";
import { JobPanel } from "./job-panel.tsx";
import { labelOf, tabsOf } from "./job-tabs.ts";
import { useJob } from "./use-job.ts";

export default function Job() {
  const { jobId } = useParams<{ jobId: string }>();
  return <JobPage key={jobId} jobId={jobIdOfPath(jobId)} />;
}

function JobPage({ jobId }: { readonly jobId: string }) {
  const { data: job, error, isPending, refetch } = useJob(jobId);
  const [search, setSearch] = useSearchParams();
  if (job === undefined) {
    return (
      <SpaceBetween size="l">
        <PageTitle>{`Job ${jobId}`}</PageTitle>
        {isPending ? (
          <Loading what="Loading the job" />
        ) : (
          <ErrorAlert what="The job cannot be shown" error={error} onRetry={() => void refetch()} />
        )}
      </SpaceBetween>
    );
  }
  const tabs = tabsOf(job);
  const active = tabs.find((tab) => tab === search.get("tab")) ?? tabs[0]!;
  // Each tab has its own members of the query: they go when one leaves it.
  const choose = (tab: string): void => setSearch({ tab });
  return (
    <SpaceBetween size="l">
      <JobHeader job={job} />
      {error !== null && (
        <Alert type="warning" statusIconAriaLabel="Warning" header="What is shown may be old">
          {errorText(error)}
        </Alert>
      )}
      <Tabs
        ariaLabel="About this job"
        i18nStrings={{ scrollLeftAriaLabel: "Tabs before", scrollRightAriaLabel: "More tabs" }}
        activeTabId={active}
        onChange={({ detail }) => choose(detail.activeTabId)}
        tabs={tabs.map((tab) => ({
          id: tab,
          label: labelOf(tab),
          content: tab === active && (
            <Suspense fallback={<Loading />}>
              <JobPanel tab={tab} job={job} />
            </Suspense>
          ),
        }))}
      />
    </SpaceBetween>
  );
}
