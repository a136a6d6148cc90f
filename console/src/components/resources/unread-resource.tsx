import SpaceBetween from "@cloudscape-design/components/space-between";
import { EmptyState } from "../empty-state.tsx";
import { ErrorAlert } from "../errors.tsx";
import { Loading } from "../loading.tsx";
import { PageTitle } from "../page-title.tsx";
import { PageLink } from "./page-link.tsx";

export interface UnreadResourceProps {
  readonly name: string;
  /** "job queue". */
  readonly noun: string;
  /** The page of all of them. */
  readonly all: { readonly to: string; readonly text: string };
  readonly isMissing: boolean;
  /** Where it may be. */
  readonly hint?: string;
  readonly error: Error | null;
  readonly onRetry: () => void;
}

/** In the place of a resource that is not read yet, cannot be, or is not there. */
export function UnreadResource(props: UnreadResourceProps) {
  const {
    name,
    noun,
    all,
    isMissing,
    hint = "It may have been deleted, or be in another region.",
    error,
    onRetry,
  } = props;
  return (
    <SpaceBetween size="l">
      <PageTitle>{name}</PageTitle>
      {isMissing ? (
        <EmptyState title={`There is no ${noun} of this name`} action={<PageLink to={all.to}>{all.text}</PageLink>}>
          {hint}
        </EmptyState>
      ) : error === null ? (
        <Loading />
      ) : (
        <ErrorAlert what={`The ${noun} could not be read`} error={error} onRetry={onRetry} />
      )}
    </SpaceBetween>
  );
}
