import type { JobDetail } from "@aws-sdk/client-batch";
import { lazy } from "react";
import type { JobTab } from "./job-tabs.ts";

type Panel = (props: { readonly job: JobDetail }) => React.ReactNode;

/** Each in a script of its own, asked for when its tab is opened. */
const PANELS: Partial<Record<JobTab, React.LazyExoticComponent<Panel>>> = {
  children: lazy(() => import("./array/array-panel.tsx")),
  graph: lazy(() => import("./graph/graph-panel.tsx")),
  nodes: lazy(() => import("./nodes/nodes-panel.tsx")),
  logs: lazy(() => import("./logs/logs-panel.tsx")),
  waiting: lazy(() => import("./waiting/waiting-panel.tsx")),
  failure: lazy(() => import("./failure/failure-panel.tsx")),
  timeline: lazy(() => import("./timeline/timeline-panel.tsx")),
  usage: lazy(() => import("./usage/usage-panel.tsx")),
  details: lazy(() => import("./details/details-panel.tsx")),
  copy: lazy(() => import("./copy-as/copy-panel.tsx")),
  json: lazy(() => import("./details/json-panel.tsx")),
};

export function JobPanel({ tab, job }: { readonly tab: JobTab; readonly job: JobDetail }) {
  const Shown = PANELS[tab];
  return Shown === undefined ? null : <Shown job={job} />;
}
