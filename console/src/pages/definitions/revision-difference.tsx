import type * as Batch from "@aws-sdk/client-batch";
import Container from "@cloudscape-design/components/container";
import Header from "@cloudscape-design/components/header";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { lazy, Suspense } from "react";
import { Loading } from "../../components/loading.tsx";
import { useViewState } from "../../components/view-state.ts";
import { contentOf } from "./definition-query.ts";

const DifferenceView = lazy(() => import("./difference-view.tsx"));
const ChoiceSelect = lazy(async () => ({ default: (await import("../../components/form/fields.tsx")).ChoiceSelect }));

export interface RevisionDifferenceProps {
  readonly revisions: readonly Batch.JobDefinition[];
  readonly shown: Batch.JobDefinition;
}

/** What is another between two revisions: the one that is shown, and the one before, unless others are chosen. */
export function RevisionDifference({ revisions, shown }: RevisionDifferenceProps) {
  const view = useViewState();
  const asked = Number(view.get("with"));
  const other =
    revisions.find(({ revision }) => revision === asked) ??
    revisions.find(({ revision }) => revision! < shown.revision!) ??
    revisions.find(({ revision }) => revision !== shown.revision)!;
  const choices = revisions.map(({ revision, status }) => ({
    value: String(revision),
    label: `Revision ${revision}`,
    description: status!,
  }));
  const sideOf = (definition: Batch.JobDefinition) => ({
    title: `Revision ${definition.revision}`,
    content: contentOf(definition),
  });
  return (
    <Container header={<Header variant="h2">Difference</Header>}>
      <Suspense fallback={<Loading />}>
        <SpaceBetween size="m">
          <SpaceBetween direction="horizontal" size="s" alignItems="center">
            <ChoiceSelect
              label="From revision"
              choices={choices}
              value={String(other.revision)}
              onChange={(value) => view.set({ with: value, revision: String(shown.revision) })}
            />
            <span>to</span>
            <ChoiceSelect
              label="To revision"
              choices={choices}
              value={String(shown.revision)}
              onChange={(value) => view.set({ revision: value, with: String(other.revision) })}
            />
          </SpaceBetween>
          <DifferenceView before={sideOf(other)} after={sideOf(shown)} />
        </SpaceBetween>
      </Suspense>
    </Container>
  );
}
