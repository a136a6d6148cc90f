import Button from "@cloudscape-design/components/button";
import Container from "@cloudscape-design/components/container";
import FormField from "@cloudscape-design/components/form-field";
import Header from "@cloudscape-design/components/header";
import ProgressBar from "@cloudscape-design/components/progress-bar";
import Select from "@cloudscape-design/components/select";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { lazy, Suspense, useEffect, useRef, useState } from "react";
import { useSearchParams } from "wouter";
import type { WhatIfProgress, WhatIfReport } from "../../../../src/ports/what-if.ts";
import { useEnvironments, usePolicies, useQueues } from "../../api/resources.ts";
import { ErrorAlert } from "../../components/errors.tsx";
import { Loading } from "../../components/loading.tsx";
import { PageTitle } from "../../components/page-title.tsx";
import { ChangeForm } from "./change-form.tsx";
import type { Draft, NamedChange } from "./changes.ts";
import { changesOf, draftOf, hasError, namedChanges, NO_DRAFT, textOf } from "./changes.ts";
import { simulate } from "./simulate.ts";

const Results = lazy(() => import("./results.tsx"));

const WINDOWS = [
  { value: "1", label: "The last hour" },
  { value: "6", label: "The last 6 hours" },
  { value: "24", label: "The last day" },
  { value: "168", label: "The last 7 days" },
];

interface Running {
  readonly leave: AbortController;
  readonly progress: WhatIfProgress | undefined;
}

/** Changes something, and simulates what would have become of the jobs that there were. The changes are in the address. */
export default function WhatIf() {
  const [search, setSearch] = useSearchParams();
  const [running, setRunning] = useState<Running>();
  const [result, setResult] = useState<{ readonly report: WhatIfReport; readonly changes: readonly NamedChange[] }>();
  const [failure, setFailure] = useState<unknown>();
  const queues = useQueues();
  const environments = useEnvironments();
  const policies = usePolicies();
  const current = useRef<AbortController>(undefined);
  useEffect(() => () => current.current?.abort(), []);
  const draft = draftOf(search.get("changes"));
  const chosen = WINDOWS.find(({ value }) => value === search.get("hours")) ?? WINDOWS[2]!;
  const set = (name: string, value: string | undefined): void =>
    setSearch(
      (before) => {
        const next = new URLSearchParams(before);
        if (value === undefined) next.delete(name);
        else next.set(name, value);
        return next;
      },
      { replace: true },
    );
  const setDraft = (next: Draft): void => set("changes", textOf(next));
  const run = async (): Promise<void> => {
    const leave = new AbortController();
    current.current = leave;
    setRunning({ leave, progress: undefined });
    setFailure(undefined);
    try {
      const request = { hours: Number(chosen.value), changes: changesOf(draft) };
      const report = await simulate(request, leave.signal, (progress) => setRunning({ leave, progress }));
      setResult({ report, changes: namedChanges(draft) });
    } catch (error) {
      if (!leave.signal.aborted) setFailure(error);
    } finally {
      setRunning(undefined);
    }
  };
  const problem = queues.error ?? environments.error ?? policies.error;
  const isReady = queues.data !== undefined && environments.data !== undefined && policies.data !== undefined;
  return (
    <SpaceBetween size="l">
      <PageTitle description="Change a priority, a weight or a size, and see what would have become of the jobs that there were. Nothing is changed in fact.">
        What if
      </PageTitle>
      {problem !== null && <ErrorAlert what="What there is could not be read" error={problem} />}
      {!isReady && problem === null && <Loading what="Loading what there is" />}
      {isReady && (
        <Container
          header={
            <Header
              variant="h2"
              actions={
                <SpaceBetween direction="horizontal" size="xs">
                  <Button disabled={draft === NO_DRAFT} onClick={() => setDraft(NO_DRAFT)}>
                    All as it is
                  </Button>
                  <Button
                    variant="primary"
                    loading={running !== undefined}
                    loadingText="Simulating"
                    disabled={hasError(draft)}
                    onClick={() => void run()}
                  >
                    Simulate
                  </Button>
                </SpaceBetween>
              }
            >
              Changes
            </Header>
          }
        >
          <SpaceBetween size="l">
            <FormField label="Jobs of">
              <Select
                selectedOption={chosen}
                options={WINDOWS}
                onChange={({ detail }) => set("hours", detail.selectedOption.value)}
              />
            </FormField>
            <ChangeForm
              queues={queues.data.filter(({ jobQueueType }) => jobQueueType !== "SAGEMAKER_TRAINING")}
              environments={environments.data}
              policies={policies.data}
              draft={draft}
              onChange={setDraft}
            />
          </SpaceBetween>
        </Container>
      )}
      {running !== undefined && <Progress running={running} />}
      {failure !== undefined && <ErrorAlert what="Nothing was simulated" error={failure} onRetry={() => void run()} />}
      {result !== undefined && running === undefined && (
        <Suspense fallback={<Loading what="Loading the result" />}>
          <Results {...result} />
        </Suspense>
      )}
    </SpaceBetween>
  );
}

function Progress({ running: { leave, progress } }: { readonly running: Running }) {
  const isReading = progress === undefined || progress.step === "reading";
  // Two simulations, one after the other.
  const part = isReading ? 0 : progress.done / Math.max(1, progress.of);
  const whole = progress?.step === "with the changes" ? 0.5 + part / 2 : part / 2;
  return (
    <Container>
      <SpaceBetween size="xs">
        <ProgressBar
          value={Math.round(whole * 100)}
          label="Simulating"
          description={
            isReading
              ? `Reading the jobs: ${(progress?.done ?? 0).toLocaleString("en")} so far`
              : `Simulating ${progress.step}`
          }
        />
        <Button onClick={() => leave.abort()}>Stop</Button>
      </SpaceBetween>
    </Container>
  );
}
