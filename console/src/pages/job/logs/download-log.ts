import type { JobLog } from "../../../../../src/ports/job-logs.ts";
import { send } from "../../../api/call.ts";

/** Has the browser keep the whole log as a file. What arrives goes to the browser's own store of blobs, not to the memory of the page. */
export async function downloadLog(jobId: string, log: JobLog): Promise<void> {
  const response = await send(logTextPath(jobId, log), "longshore");
  const name = /filename="([^"]+)"/.exec(response.headers.get("content-disposition") ?? "")?.[1] ?? `${jobId}.log`;
  const url = URL.createObjectURL(await response.blob());
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  // The browser has taken it over by then.
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}

export function logTextPath(jobId: string, { attempt, node, container }: JobLog): string {
  const query = new URLSearchParams({
    attempt: String(attempt),
    ...(node !== undefined && { node: String(node) }),
    ...(container !== undefined && { container }),
  });
  return `/longshore/jobs/${encodeURIComponent(jobId)}/log?${query}`;
}
