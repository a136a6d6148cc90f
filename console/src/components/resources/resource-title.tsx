import Button from "@cloudscape-design/components/button";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { PageTitle } from "../page-title.tsx";

export interface ResourceTitleProps {
  readonly name: string;
  readonly state: "ENABLED" | "DISABLED" | undefined;
  readonly isDeleting: boolean;
  readonly onEdit: () => void;
  readonly onState: (state: "ENABLED" | "DISABLED") => void;
  readonly onDelete: () => void;
}

/** Of what is enabled and disabled: queues, environments. */
export function ResourceTitle({ name, state, isDeleting, onEdit, onState, onDelete }: ResourceTitleProps) {
  const toggled = state === "ENABLED" ? "DISABLED" : "ENABLED";
  return (
    <PageTitle
      actions={
        <SpaceBetween direction="horizontal" size="xs">
          <Button disabled={isDeleting} onClick={onEdit}>
            Edit
          </Button>
          <Button disabled={isDeleting} onClick={() => onState(toggled)}>
            {toggled === "DISABLED" ? "Disable" : "Enable"}
          </Button>
          <Button disabled={isDeleting} onClick={onDelete}>
            Delete
          </Button>
        </SpaceBetween>
      }
    >
      {name}
    </PageTitle>
  );
}
