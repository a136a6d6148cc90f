import type { FoundJob } from "../../../api/job-search.ts";

/** How far an array is, in numbers: 8 of 10 done, 1 failed. */
export function ArrayProgress({ job: { array, nodes } }: { readonly job: FoundJob }) {
  if (nodes !== undefined) return <>{nodes} nodes</>;
  if (array === undefined) return <>–</>;
  if ("index" in array) return <>index {array.index}</>;
  const { SUCCEEDED = 0, FAILED = 0, RUNNING = 0 } = array.counts;
  const parts = [
    `${SUCCEEDED + FAILED} of ${array.size} over`,
    ...(FAILED > 0 ? [`${FAILED} failed`] : []),
    ...(RUNNING > 0 ? [`${RUNNING} running`] : []),
  ];
  const text = parts.join(", ");
  return <span title={text}>{text}</span>;
}
