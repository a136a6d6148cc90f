import type * as Batch from "@aws-sdk/client-batch";
import Alert from "@cloudscape-design/components/alert";
import Button from "@cloudscape-design/components/button";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { useQueryClient } from "@tanstack/react-query";
import { lazy, Suspense } from "react";
import { useLocation, useParams } from "wouter";
import { batch } from "../../api/batch.ts";
import { useQueue } from "../../api/resources.ts";
import { untilSettled } from "../../components/resources/settled.ts";
import { useViewState } from "../../components/view-state.ts";
import { useNotices } from "../../shell/notices.tsx";
import { QueueCharts } from "./queue-charts.tsx";
import { QueueDetails } from "./queue-details.tsx";
import { HeadOfQueue, QueueFront } from "./queue-front.tsx";
import { proposedOf } from "./queue-settings.ts";
import { ServiceJobs } from "./service-jobs.tsx";
import { QueueShares } from "./queue-shares.tsx";
import { ResourceTitle } from "../../components/resources/resource-title.tsx";
import { UnreadResource } from "../../components/resources/unread-resource.tsx";

const QueueForm = lazy(() => import("./queue-form.tsx"));
const DeleteModal = lazy(() => import("../../components/resources/delete-modal.tsx"));

export default function Queue() {
  const { name } = useParams<{ name: string }>();
  const { data: queue, error, refetch } = useQueue(name);
  if (queue === undefined || queue === null) {
    return (
      <UnreadResource
        {...{ name, noun: "job queue", isMissing: queue === null, error, onRetry: () => void refetch() }}
        all={{ to: "/queues", text: "All job queues" }}
      />
    );
  }
  return <QueuePage queue={queue} />;
}

function QueuePage({ queue }: { readonly queue: Batch.JobQueueDetail }) {
  const name = queue.jobQueueName!;
  const view = useViewState();
  const queries = useQueryClient();
  const notices = useNotices();
  const [, navigate] = useLocation();
  const isDeleting = queue.status === "DELETING";
  const close = (): void => view.set({ action: "", priority: "", environments: "" });
  const setState = (state: Batch.JQState): void => {
    void batch("UpdateJobQueue", { jobQueue: name, state })
      .then(
        () => notices.success(`The job queue ${name} is ${state === "ENABLED" ? "enabled" : "disabled"}.`),
        (failure: unknown) => notices.error(`The job queue ${name} was not changed`, failure),
      )
      .finally(() => void queries.invalidateQueries({ queryKey: ["queues"] }));
  };
  const remove = async (): Promise<void> => {
    if (queue.state === "ENABLED") await batch("UpdateJobQueue", { jobQueue: name, state: "DISABLED" });
    await untilSettled(async () => (await batch("DescribeJobQueues", { jobQueues: [name] })).jobQueues?.[0]?.status);
    await batch("DeleteJobQueue", { jobQueue: name });
  };
  return (
    <SpaceBetween size="l">
      <ResourceTitle
        {...{ name, state: queue.state, isDeleting, onState: setState }}
        onEdit={() => view.set({ action: "edit" })}
        onDelete={() => view.set({ action: "delete" })}
      />
      {isDeleting && (
        <Alert type="info" statusIconAriaLabel="Info">
          This queue is being deleted: its jobs are terminated, and it goes when the last of them has ended.
        </Alert>
      )}
      {queue.state === "DISABLED" && !isDeleting && (
        <Alert
          type="warning"
          statusIconAriaLabel="Warning"
          action={<Button onClick={() => setState("ENABLED")}>Enable</Button>}
        >
          This queue is disabled: it takes no new jobs. Those that it has are still run.
        </Alert>
      )}
      {queue.status === "INVALID" && (
        <Alert type="error" statusIconAriaLabel="Error" header="This queue is invalid">
          {queue.statusReason}
        </Alert>
      )}
      <QueueDetails queue={queue} />
      <HeadOfQueue queue={queue} />
      {queue.schedulingPolicyArn !== undefined && <QueueShares queue={queue} />}
      <QueueFront queue={queue} />
      {queue.jobQueueType === "SAGEMAKER_TRAINING" && <ServiceJobs queue={queue} />}
      <QueueCharts name={name} arn={queue.jobQueueArn!} />
      <Suspense>
        {view.get("action") === "edit" && (
          <QueueForm
            queue={queue}
            proposed={proposedOf(queue, { priority: view.get("priority"), environments: view.get("environments") })}
            onClose={close}
          />
        )}
        {view.get("action") === "delete" && (
          <DeleteModal
            noun="job queue"
            name={name}
            disables={queue.state === "ENABLED"}
            onDelete={remove}
            onClose={close}
            onDone={() => {
              void queries.invalidateQueries({ queryKey: ["queues"] });
              navigate("/queues");
            }}
          >
            All jobs that wait in it or run are terminated.
          </DeleteModal>
        )}
      </Suspense>
    </SpaceBetween>
  );
}
