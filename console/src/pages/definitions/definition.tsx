import type * as Batch from "@aws-sdk/client-batch";
import { UnreadResource } from "../../components/resources/unread-resource.tsx";
import Alert from "@cloudscape-design/components/alert";
import Button from "@cloudscape-design/components/button";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { useQueryClient } from "@tanstack/react-query";
import { lazy, Suspense } from "react";
import { useLocation, useParams } from "wouter";
import { batch } from "../../api/batch.ts";
import { changeTags } from "../../api/tags.ts";
import { PageTitle } from "../../components/page-title.tsx";
import { useViewState } from "../../components/view-state.ts";
import { useRevisions } from "./definition-query.ts";
import { RevisionDetails } from "./revision-details.tsx";
import { RevisionDifference } from "./revision-difference.tsx";
import { RevisionsTable } from "./revisions-table.tsx";

const RevisionForm = lazy(() => import("./revision-form.tsx"));
const DeleteModal = lazy(() => import("../../components/resources/delete-modal.tsx"));
const TagsModal = lazy(() => import("../../components/resources/tags-modal.tsx"));

export default function Definition() {
  const { name } = useParams<{ name: string }>();
  const { data: revisions, error, refetch } = useRevisions(name);
  if (revisions !== undefined && revisions.length > 0) return <DefinitionPage name={name} revisions={revisions} />;
  return (
    <UnreadResource
      {...{ name, noun: "job definition", isMissing: revisions !== undefined, error, onRetry: () => void refetch() }}
      all={{ to: "/definitions", text: "All job definitions" }}
      hint="It may be in another region."
    />
  );
}

interface DefinitionPageProps {
  readonly name: string;
  /** The newest first; at least one. */
  readonly revisions: readonly Batch.JobDefinition[];
}

function DefinitionPage({ name, revisions }: DefinitionPageProps) {
  const view = useViewState();
  const queries = useQueryClient();
  const [, navigate] = useLocation();
  const asked = Number(view.get("revision"));
  const shown =
    revisions.find(({ revision }) => revision === asked) ??
    revisions.find(({ status }) => status === "ACTIVE") ??
    revisions[0]!;
  const isActive = shown.status === "ACTIVE";
  const action = view.get("action");
  const close = (): void => view.set({ action: "" });
  const changed = (): void => void queries.invalidateQueries({ queryKey: ["definitions"] });
  return (
    <SpaceBetween size="l">
      <PageTitle
        description={`Revision ${shown.revision} of ${revisions[0]!.revision}`}
        actions={
          <SpaceBetween direction="horizontal" size="xs">
            <Button
              variant="primary"
              disabled={!isActive}
              onClick={() => navigate(`/jobs?submit=1&definition=${encodeURIComponent(`${name}:${shown.revision}`)}`)}
            >
              Submit a job
            </Button>
            <Button onClick={() => view.set({ action: "register" })}>New revision</Button>
            <Button onClick={() => view.set({ action: "tags" })}>Edit tags</Button>
            <Button disabled={!isActive} onClick={() => view.set({ action: "deregister" })}>
              Deregister
            </Button>
          </SpaceBetween>
        }
      >
        {name}
      </PageTitle>
      {!isActive && (
        <Alert type="info" statusIconAriaLabel="Info">
          This revision is INACTIVE: it was deregistered, and takes no new jobs. It is kept for the jobs that were made
          of it; a new revision can begin as it.
        </Alert>
      )}
      <RevisionDetails definition={shown} />
      <RevisionsTable revisions={revisions} shown={shown} />
      {revisions.length > 1 && <RevisionDifference revisions={revisions} shown={shown} />}
      <Suspense>
        {action === "register" && (
          <RevisionForm
            base={shown}
            onClose={close}
            onDone={(_, revision) => view.set({ action: "", revision: String(revision) })}
          />
        )}
        {action === "tags" && (
          <TagsModal
            what={`${name}:${shown.revision}`}
            tags={shown.tags ?? {}}
            onSave={(tags) => changeTags(shown.jobDefinitionArn!, shown.tags ?? {}, tags)}
            onDone={changed}
            onClose={close}
          />
        )}
        {action === "deregister" && (
          <DeleteModal
            noun="revision"
            verb="Deregister"
            name={`${name}:${shown.revision}`}
            onDelete={() => batch("DeregisterJobDefinition", { jobDefinition: shown.jobDefinitionArn! })}
            onClose={close}
            onDone={() => {
              changed();
              close();
            }}
          >
            It takes no new jobs then. Jobs that were made of it go on.
          </DeleteModal>
        )}
      </Suspense>
    </SpaceBetween>
  );
}
