import { useSearchParams } from "wouter";

export interface ViewState {
  /** `""` where it is not set. */
  get(name: string): string;
  /** Several at a time; `""` takes one away. */
  set(changes: Readonly<Record<string, string>>): void;
}

/** The state of a view lives in the address: filters, the page, what is chosen. Changing it is no step of the browser's history. */
export function useViewState(): ViewState {
  const [params, setParams] = useSearchParams();
  return {
    get: (name) => params.get(name) ?? "",
    set: (changes) =>
      setParams(
        (before) => {
          const after = new URLSearchParams(before);
          for (const [name, value] of Object.entries(changes)) {
            if (value === "") after.delete(name);
            else after.set(name, value);
          }
          return after;
        },
        { replace: true },
      ),
  };
}
