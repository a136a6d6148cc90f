import type { ComponentType } from "react";

interface LoadedPage {
  readonly default: ComponentType;
}

export interface Page {
  /** Of the links in shell/navigation.tsx. */
  readonly path: string;
  readonly load: () => Promise<LoadedPage>;
}

/** Each page is a file of its own to load. */
export const PAGES: readonly Page[] = [
  { path: "/", load: () => import("./pages/overview/overview.tsx") },
  { path: "/jobs", load: () => import("./pages/jobs/jobs.tsx") },
  { path: "/jobs/:jobId", load: () => import("./pages/job/job.tsx") },
  { path: "/service-jobs/:jobId", load: () => import("./pages/job/service-job.tsx") },
  { path: "/queues", load: () => import("./pages/queues/queues.tsx") },
  { path: "/queues/:name", load: () => import("./pages/queues/queue.tsx") },
  { path: "/environments", load: () => import("./pages/environments/environments.tsx") },
  { path: "/environments/:name", load: () => import("./pages/environments/environment.tsx") },
  { path: "/definitions", load: () => import("./pages/definitions/definitions.tsx") },
  { path: "/definitions/:name", load: () => import("./pages/definitions/definition.tsx") },
  { path: "/policies", load: () => import("./pages/policies/policies.tsx") },
  { path: "/consumables", load: () => import("./pages/consumables/consumables.tsx") },
  { path: "/what-if", load: () => import("./pages/what-if/what-if.tsx") },
  { path: "*", load: () => import("./pages/nowhere.tsx") },
];

/** The one that an address shows, with what stands in the place of its parameter. */
export function pageAt(address: string): { readonly page: Page; readonly parameter: string | undefined } {
  const words = address.split("/").slice(1);
  for (const page of PAGES) {
    const pattern = page.path.split("/").slice(1);
    const parameter = pattern[1]?.startsWith(":") === true ? words[1] : undefined;
    const isIt = pattern.length === words.length && pattern[0] === words[0];
    if (isIt && (pattern[1] === undefined || (parameter ?? "") !== "")) {
      return { page, parameter: parameter && decoded(parameter) };
    }
  }
  return { page: PAGES.at(-1)!, parameter: undefined };
}

/** What is no text is left as it is: the page says that there is no such thing. */
function decoded(word: string): string {
  try {
    return decodeURIComponent(word);
  } catch {
    return word;
  }
}
