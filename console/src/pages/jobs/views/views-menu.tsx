import ButtonDropdown from "@cloudscape-design/components/button-dropdown";
import { lazy, Suspense, useState } from "react";
import { useSearchParams } from "wouter";
import { useSavedViews, USUAL_VIEWS } from "./saved-views.ts";

const SaveView = lazy(() => import("./save-view.tsx"));

/** Views by name. To give one to somebody else, the page's address is enough. */
export function ViewsMenu() {
  const [params, setParams] = useSearchParams();
  const [views, { save, remove }] = useSavedViews();
  const [isSaving, setSaving] = useState(false);
  const query = withoutPage(params);
  const current = views.find((view) => view.query === query);
  const items = [
    { text: "Views", items: USUAL_VIEWS.map(({ name }, at) => ({ id: `usual:${at}`, text: name })) },
    ...(views.length === 0
      ? []
      : [{ text: "Saved in this browser", items: views.map(({ name }) => ({ id: `saved:${name}`, text: name })) }]),
    {
      text: "Change",
      items: [
        { id: "save", text: "Save this view…" },
        { id: "copy", text: "Copy the address" },
        {
          id: "remove",
          text: current === undefined ? "Remove this view" : `Remove ${current.name}`,
          disabled: current === undefined,
        },
      ],
    },
  ];
  const open = (query_: string | undefined): void => {
    if (query_ !== undefined) setParams(new URLSearchParams(query_));
  };
  return (
    <>
      <ButtonDropdown
        items={items}
        expandableGroups={false}
        onItemClick={({ detail: { id } }) => {
          if (id === "save") setSaving(true);
          else if (id === "copy") void navigator.clipboard?.writeText(location.href).catch(() => {});
          else if (id === "remove" && current !== undefined) remove(current.name);
          else if (id.startsWith("usual:")) open(USUAL_VIEWS[Number(id.slice("usual:".length))]?.query);
          else if (id.startsWith("saved:")) open(views.find(({ name }) => `saved:${name}` === id)?.query);
        }}
      >
        {current === undefined ? "Views" : `View: ${current.name.slice(0, 40)}`}
      </ButtonDropdown>
      {isSaving && (
        <Suspense>
          <SaveView
            taken={views.map(({ name }) => name)}
            onSave={(name) => {
              save({ name, query });
              setSaving(false);
            }}
            onClose={() => setSaving(false)}
          />
        </Suspense>
      )}
    </>
  );
}

/** A place in a list is none later. */
function withoutPage(params: URLSearchParams): string {
  const kept = new URLSearchParams(params);
  for (const name of ["at", "submit", "clone"]) kept.delete(name);
  return kept.toString();
}
