import Alert from "@cloudscape-design/components/alert";
import Button from "@cloudscape-design/components/button";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Toggle from "@cloudscape-design/components/toggle";
import { useQueryClient } from "@tanstack/react-query";
import { lazy, Suspense, useEffect, useMemo, useState } from "react";
import { useSearchParams } from "wouter";
import type { FoundJob } from "../../api/job-search.ts";
import { EmptyState } from "../../components/empty-state.tsx";
import { ErrorAlert } from "../../components/errors.tsx";
import { actionJob, JobActions } from "../../components/job-actions.tsx";
import { PageTitle } from "../../components/page-title.tsx";
import { absoluteTime } from "../../components/time.tsx";
import { FilterProblem, toFilters } from "./filter/properties.ts";
import { JobFilter } from "./filter/job-filter.tsx";
import { MatchingMenu } from "./matching-menu.tsx";
import { usePreferences } from "./preferences.ts";
import { StatusCounts } from "./status-counts.tsx";
import { USUAL_COLUMNS } from "./table/columns.tsx";
import { WhenWanted } from "./table/when-wanted.tsx";
import { JobTable } from "./table/job-table.tsx";
import { Pager } from "./table/pager.tsx";
import { useJobs } from "./table/use-jobs.ts";
import type { View } from "./view.ts";
import { useView } from "./view.ts";
import { ViewsMenu } from "./views/views-menu.tsx";

const PreferencesButton = lazy(() => import("./table/preferences-button.tsx"));
const SubmitForm = lazy(() => import("./submit/submit-form.tsx"));

/** Times that are so long ago count from when the page was asked for: what moved all the time could not be paged through. */
function useFilters({ tokens, children }: View, asked: number) {
  return useMemo(() => {
    try {
      return { filters: toFilters(tokens, children, asked) };
    } catch (error) {
      if (!(error instanceof FilterProblem)) throw error;
      return { filters: {}, problem: error.message };
    }
  }, [tokens, children, asked]);
}

export default function Jobs() {
  const [view, changeView] = useView();
  const [params, setParams] = useSearchParams();
  const [asked, setAsked] = useState(() => Date.now());
  const [preferences, changePreferences] = usePreferences({
    ...{ size: 50, columns: USUAL_COLUMNS, widths: {}, wraps: false },
  });
  const queries = useQueryClient();
  const [selected, setSelected] = useState<readonly FoundJob[]>([]);
  const limit = view.size ?? preferences.size;
  const columns = view.columns ?? preferences.columns;
  const { filters, problem } = useFilters(view, asked);
  const { page, jobs, newer, isNewerCutOff } = useJobs(
    { filters, sort: view.sort, limit, at: view.at },
    problem === undefined,
  );
  const selectedNow = useMemo(() => {
    const byId = new Map(jobs.map((job) => [job.jobId, job]));
    return selected.map((job) => byId.get(job.jobId) ?? job);
  }, [jobs, selected]);
  const refresh = (): void => {
    setAsked(Date.now());
    changeView({ at: "" });
    void queries.invalidateQueries({ queryKey: ["jobs"] });
    void queries.invalidateQueries({ queryKey: ["job-counts"] });
  };
  // Back at the beginning, the page may be less than full: then the first one is meant.
  const isShort = view.at !== "" && view.at === page.data?.previousToken;
  useEffect(() => {
    if (isShort) changeView({ at: "" });
  });
  const status = (one: string): void =>
    changeView({
      tokens: [
        ...view.tokens.filter(({ propertyKey }) => propertyKey !== "status"),
        { propertyKey: "status", operator: "=", value: one },
      ],
    });
  const { nextToken } = page.data ?? {};
  const hasFilters = view.tokens.length > 0;
  return (
    <>
      <JobTable
        jobs={jobs}
        isLoading={page.isPending && problem === undefined}
        columns={columns}
        preferences={preferences}
        onWidths={(widths) => changePreferences({ widths })}
        selected={selectedNow}
        onSelect={setSelected}
        sort={view.sort}
        onSort={(sort) => changeView({ sort })}
        header={
          <SpaceBetween size="xs">
            <PageTitle
              description={<StatusCounts filters={filters} onStatus={status} />}
              {...(selected.length > 0 && { counter: `(${selected.length} selected)` })}
              actions={
                <SpaceBetween direction="horizontal" size="xs">
                  <Button iconName="refresh" ariaLabel="Refresh" onClick={refresh} />
                  <ViewsMenu />
                  <JobActions
                    jobs={selectedNow.map(actionJob)}
                    onDone={() => void queries.invalidateQueries({ queryKey: ["job-rows"] })}
                  />
                  <MatchingMenu filters={filters} isDisabled={problem !== undefined} />
                  <Button
                    variant="primary"
                    onClick={() =>
                      setParams((before) => {
                        before.set("submit", "1");
                        return before;
                      })
                    }
                  >
                    Submit job
                  </Button>
                </SpaceBetween>
              }
            >
              Jobs
            </PageTitle>
            {page.isError && <ErrorAlert what="The jobs could not be read" error={page.error} onRetry={refresh} />}
            {problem !== undefined && (
              <Alert type="warning" statusIconAriaLabel="Warning">
                {problem}
              </Alert>
            )}
            {page.data !== undefined && page.data.isPartial && (
              <Alert
                type="info"
                statusIconAriaLabel="Info"
                action={<Button onClick={() => changeView({ at: nextToken ?? "" })}>Look further</Button>}
              >
                Looked {view.sort === "newest" ? "back" : "on"} to {absoluteTime(page.data.lookedTo ?? 0)}: there are
                very many jobs, and few of them match.
              </Alert>
            )}
            <div aria-live="polite">
              {newer > 0 && (
                <Button iconName="arrow-up" onClick={refresh}>
                  {`${newer}${isNewerCutOff ? " or more" : ""} newer ${newer === 1 ? "job" : "jobs"}`}
                </Button>
              )}
            </div>
          </SpaceBetween>
        }
        filter={
          <SpaceBetween size="xs">
            <JobFilter tokens={view.tokens} onChange={(tokens) => changeView({ tokens })} />
            <Toggle checked={view.children} onChange={({ detail }) => changeView({ children: detail.checked })}>
              Children of arrays, too
            </Toggle>
          </SpaceBetween>
        }
        preferencesButton={
          <WhenWanted label="Preferences">
            <PreferencesButton
              preferences={preferences}
              size={limit}
              columns={columns}
              onChange={(change) => {
                changePreferences(change);
                changeView({ size: undefined, columns: undefined });
              }}
            />
          </WhenWanted>
        }
        pagination={
          <Pager
            isFirst={view.at === ""}
            previous={page.data?.previousToken}
            next={page.data?.nextToken}
            isBusy={page.isPlaceholderData}
            onGo={(at) => changeView({ at })}
          />
        }
        empty={
          hasFilters ? (
            <EmptyState
              title="No jobs match"
              action={<Button onClick={() => changeView({ tokens: [] })}>Clear filters</Button>}
            />
          ) : (
            <EmptyState title="No jobs">Submit one here, or with any AWS Batch client.</EmptyState>
          )
        }
      />
      {params.get("submit") === "1" && (
        <Suspense>
          <SubmitForm
            cloneOf={params.get("clone") ?? undefined}
            definition={params.get("definition") ?? undefined}
            memory={params.get("memory") ?? undefined}
            onClose={(isDone) => {
              setParams((before) => {
                before.delete("submit");
                before.delete("clone");
                before.delete("memory");
                return before;
              });
              if (isDone) refresh();
            }}
          />
        </Suspense>
      )}
    </>
  );
}
