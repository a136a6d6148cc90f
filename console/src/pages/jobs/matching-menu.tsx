import ButtonDropdown from "@cloudscape-design/components/button-dropdown";
import { lazy, Suspense, useState } from "react";
import type { JobFilters } from "../../api/job-search.ts";

const StopModal = lazy(() => import("../../components/job-actions/stop-modal.tsx"));

/** What is done with all jobs that match, those of other pages among them. */
export function MatchingMenu({ filters, isDisabled }: { readonly filters: JobFilters; readonly isDisabled: boolean }) {
  const [action, setAction] = useState<"cancel" | "terminate">();
  return (
    <>
      <ButtonDropdown
        disabled={isDisabled}
        items={[
          { id: "cancel", text: "Cancel all that match…" },
          { id: "terminate", text: "Terminate all that match…" },
        ]}
        onItemClick={({ detail }) => setAction(detail.id === "cancel" ? "cancel" : "terminate")}
      >
        All that match
      </ButtonDropdown>
      {action !== undefined && (
        <Suspense>
          <StopModal action={action} filters={filters} isOfFilter onClose={() => setAction(undefined)} />
        </Suspense>
      )}
    </>
  );
}
