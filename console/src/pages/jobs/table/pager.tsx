import Button from "@cloudscape-design/components/button";
import SpaceBetween from "@cloudscape-design/components/space-between";

export interface PagerProps {
  readonly isFirst: boolean;
  readonly previous: string | undefined;
  readonly next: string | undefined;
  readonly isBusy: boolean;
  /** A token; "" for the first page. */
  readonly onGo: (at: string) => void;
}

/** From page to page: nobody knows how many there are. */
export function Pager({ isFirst, previous, next, isBusy, onGo }: PagerProps) {
  return (
    <nav aria-label="Pages">
      <SpaceBetween direction="horizontal" size="xxs">
        <Button disabled={isFirst || isBusy} onClick={() => onGo("")}>
          First
        </Button>
        <Button
          iconName="angle-left"
          ariaLabel="Previous page"
          disabled={isFirst || previous === undefined || isBusy}
          onClick={() => onGo(previous ?? "")}
        />
        <Button
          iconName="angle-right"
          ariaLabel="Next page"
          disabled={next === undefined || isBusy}
          onClick={() => onGo(next ?? "")}
        />
      </SpaceBetween>
    </nav>
  );
}
