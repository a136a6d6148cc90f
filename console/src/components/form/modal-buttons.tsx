import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import SpaceBetween from "@cloudscape-design/components/space-between";

export interface ModalButtonsProps {
  readonly cancel?: string;
  readonly onCancel: () => void;
  readonly action: string;
  readonly onAction: () => void;
  readonly isBusy?: boolean;
  readonly isDisabled?: boolean;
}

/** Under what stands over the page: away with it, or do it. */
export function ModalButtons(props: ModalButtonsProps) {
  const { cancel = "Cancel", onCancel, action, onAction, isBusy = false, isDisabled = false } = props;
  return (
    <Box float="right">
      <SpaceBetween direction="horizontal" size="xs">
        <Button variant="link" onClick={onCancel}>
          {cancel}
        </Button>
        <Button variant="primary" loading={isBusy} disabled={isDisabled} onClick={onAction}>
          {action}
        </Button>
      </SpaceBetween>
    </Box>
  );
}
