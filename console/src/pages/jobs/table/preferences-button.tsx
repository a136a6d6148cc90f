import CollectionPreferences from "@cloudscape-design/components/collection-preferences";
import type { Preferences } from "../preferences.ts";
import { PAGE_SIZES } from "../view.ts";
import { COLUMNS } from "./columns.tsx";

export interface PreferencesButtonProps {
  readonly preferences: Preferences;
  readonly size: number;
  readonly columns: readonly string[];
  readonly onChange: (change: Pick<Preferences, "size" | "columns" | "wraps">) => void;
}

export default function PreferencesButton({ preferences, size, columns, onChange }: PreferencesButtonProps) {
  const hidden = COLUMNS.map(({ id }) => id!).filter((id) => !columns.includes(id));
  return (
    <CollectionPreferences
      title="Preferences"
      confirmLabel="Confirm"
      cancelLabel="Cancel"
      preferences={{
        pageSize: size,
        wrapLines: preferences.wraps,
        contentDisplay: [
          ...columns.map((id) => ({ id, visible: true })),
          ...hidden.map((id) => ({ id, visible: false })),
        ],
      }}
      pageSizePreference={{
        title: "Page size",
        options: PAGE_SIZES.map((value) => ({ value, label: `${value} jobs` })),
      }}
      wrapLinesPreference={{ label: "Wrap lines", description: "Show long texts whole" }}
      contentDisplayPreference={{
        title: "Columns",
        description: "Which columns are shown, and in which order.",
        options: COLUMNS.map(({ id, label }) => ({ id: id!, label, alwaysVisible: id === "name" })),
      }}
      onConfirm={({ detail }) =>
        onChange({
          size: detail.pageSize ?? size,
          wraps: detail.wrapLines ?? preferences.wraps,
          columns: (detail.contentDisplay ?? []).filter(({ visible }) => visible).map(({ id }) => id),
        })
      }
    />
  );
}
