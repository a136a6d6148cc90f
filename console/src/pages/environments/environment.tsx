import type * as Batch from "@aws-sdk/client-batch";
import Alert from "@cloudscape-design/components/alert";
import Button from "@cloudscape-design/components/button";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { useQueryClient } from "@tanstack/react-query";
import { lazy, Suspense } from "react";
import { useLocation, useParams } from "wouter";
import { batch } from "../../api/batch.ts";
import { useLive } from "../../api/live.ts";
import { useEnvironment } from "../../api/resources.ts";
import { QueueLink } from "../../components/resources/page-link.tsx";
import { untilSettled } from "../../components/resources/settled.ts";
import { useViewState } from "../../components/view-state.ts";
import { useNotices } from "../../shell/notices.tsx";
import { EnvironmentCharts } from "./environment-charts.tsx";
import { EnvironmentDetails, useQueuesOf } from "./environment-details.tsx";
import { isOnEc2, kindOf } from "./environment-facts.ts";
import { HostsTable } from "./hosts-table.tsx";
import { InstancesTable } from "./instances-table.tsx";
import { ScalingTimeline } from "./scaling-timeline.tsx";
import { ResourceTitle } from "../../components/resources/resource-title.tsx";
import { UnreadResource } from "../../components/resources/unread-resource.tsx";

const EnvironmentForm = lazy(() => import("./environment-form.tsx"));
const DeleteModal = lazy(() => import("../../components/resources/delete-modal.tsx"));

export default function Environment() {
  const { name } = useParams<{ name: string }>();
  const { data: environment, error, refetch } = useEnvironment(name);
  if (environment) return <EnvironmentPage environment={environment} />;
  return (
    <UnreadResource
      {...{ name, noun: "compute environment", isMissing: environment === null, error, onRetry: () => void refetch() }}
      all={{ to: "/environments", text: "All compute environments" }}
    />
  );
}

function EnvironmentPage({ environment }: { readonly environment: Batch.ComputeEnvironmentDetail }) {
  const name = environment.computeEnvironmentName!;
  const arn = environment.computeEnvironmentArn!;
  const kind = kindOf(environment);
  const view = useViewState();
  const queries = useQueryClient();
  const notices = useNotices();
  useLive([["instances"], ["environment-uses"], ["hosts"], ["environments", name]]);
  const isDeleting = environment.status === "DELETING";
  const isUnmanaged = kind === "UNMANAGED";
  const setState = (state: Batch.CEState): void => {
    void batch("UpdateComputeEnvironment", { computeEnvironment: name, state })
      .then(
        () => notices.success(`The compute environment ${name} is ${state === "ENABLED" ? "enabled" : "disabled"}.`),
        (failure: unknown) => notices.error(`The compute environment ${name} was not changed`, failure),
      )
      .finally(() => void queries.invalidateQueries({ queryKey: ["environments"] }));
  };
  return (
    <SpaceBetween size="l">
      <ResourceTitle
        {...{ name, state: environment.state, isDeleting, onState: setState }}
        onEdit={() => view.set({ action: "edit" })}
        onDelete={() => view.set({ action: "delete" })}
      />
      {isDeleting && (
        <Alert type="info" statusIconAriaLabel="Info">
          This environment is being deleted: it goes when what runs in it has ended.
        </Alert>
      )}
      {environment.status === "INVALID" && (
        <Alert type="error" statusIconAriaLabel="Error" header="This environment is invalid: it takes no jobs">
          <span style={{ overflowWrap: "anywhere" }}>{environment.statusReason}</span>
        </Alert>
      )}
      {environment.state === "DISABLED" && !isDeleting && (
        <Alert
          type="warning"
          statusIconAriaLabel="Warning"
          action={<Button onClick={() => setState("ENABLED")}>Enable</Button>}
        >
          This environment is disabled: it takes no jobs. What runs in it goes on.
        </Alert>
      )}
      <EnvironmentDetails environment={environment} />
      {isUnmanaged ? (
        <HostsTable environment={environment} />
      ) : (
        <InstancesTable environment={environment} launches={isOnEc2(kind)} />
      )}
      {(isOnEc2(kind) || isUnmanaged) && <ScalingTimeline environment={environment} />}
      <EnvironmentCharts arn={arn} name={name} most={environment.computeResources?.maxvCpus} />
      <Suspense>
        {view.get("action") === "edit" && (
          <EnvironmentForm
            environment={environment}
            proposed={view.get("maxvCpus") === "" ? {} : { maxvCpus: view.get("maxvCpus") }}
            onClose={() => view.set({ action: "", maxvCpus: "" })}
          />
        )}
        {view.get("action") === "delete" && <DeleteEnvironment environment={environment} />}
      </Suspense>
    </SpaceBetween>
  );
}

/** A queue that places jobs in it is in the way. */
function DeleteEnvironment({ environment }: { readonly environment: Batch.ComputeEnvironmentDetail }) {
  const name = environment.computeEnvironmentName!;
  const view = useViewState();
  const queries = useQueryClient();
  const [, navigate] = useLocation();
  const queues = useQueuesOf(environment.computeEnvironmentArn!);
  const remove = async (): Promise<void> => {
    if (environment.state === "ENABLED") {
      await batch("UpdateComputeEnvironment", { computeEnvironment: name, state: "DISABLED" });
    }
    await untilSettled(async () => {
      const { computeEnvironments } = await batch("DescribeComputeEnvironments", { computeEnvironments: [name] });
      return computeEnvironments?.[0]?.status;
    });
    await batch("DeleteComputeEnvironment", { computeEnvironment: name });
  };
  return (
    <DeleteModal
      noun="compute environment"
      name={name}
      disables={environment.state === "ENABLED"}
      obstacles={queues.map((queue) => ({
        id: queue,
        text: (
          <>
            The job queue <QueueLink name={queue} /> uses it: take it out of that queue, or delete the queue.
          </>
        ),
      }))}
      onDelete={remove}
      onClose={() => view.set({ action: "" })}
      onDone={() => {
        void queries.invalidateQueries({ queryKey: ["environments"] });
        navigate("/environments");
      }}
    />
  );
}
