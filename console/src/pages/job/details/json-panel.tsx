import type { JobDetail } from "@aws-sdk/client-batch";
import { CodeBox } from "../code-box.tsx";

/** The answer of DescribeJobs, as it came. */
export default function JsonPanel({ job }: { readonly job: JobDetail }) {
  return <CodeBox text={JSON.stringify(job, null, 2)} what="DescribeJobs JSON" />;
}
