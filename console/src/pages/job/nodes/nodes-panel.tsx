import Badge from "@cloudscape-design/components/badge";
import Header from "@cloudscape-design/components/header";
import Link from "@cloudscape-design/components/link";
import Pagination from "@cloudscape-design/components/pagination";
import SpaceBetween from "@cloudscape-design/components/space-between";
import type { TableProps } from "@cloudscape-design/components/table";
import Table from "@cloudscape-design/components/table";
import type { JobDetail } from "@aws-sdk/client-batch";
import { useQuery } from "@tanstack/react-query";
import { useLocation, useSearchParams } from "wouter";
import type { InstanceReport, InstancesAnswer } from "../../../../../src/ports/capacity-reports.ts";
import { batch } from "../../../api/batch.ts";
import { call } from "../../../api/call.ts";
import { useLive } from "../../../api/live.ts";
import { Duration } from "../../../components/duration.tsx";
import { ErrorAlert } from "../../../components/errors.tsx";
import { JobStatus } from "../../../components/job-status.tsx";
import { Loading } from "../../../components/loading.tsx";
import { jobPath } from "../job-id.ts";

/** As many as one DescribeJobs tells of. */
const PAGE = 100;

interface ShownNode {
  /** Of the job that it is of. */
  readonly jobId: string;
  readonly node: JobDetail;
  readonly instance: InstanceReport | undefined;
}

const COLUMNS: TableProps.ColumnDefinition<ShownNode>[] = [
  { id: "node", header: "Node", minWidth: 110, isRowHeader: true, cell: ({ node }) => <NodeName node={node} /> },
  { id: "status", header: "Status", minWidth: 130, cell: ({ node }) => <JobStatus status={node.status} /> },
  { id: "exit", header: "Exit code", minWidth: 90, cell: ({ node }) => exitCodeOf(node) ?? "–" },
  {
    id: "ran",
    header: "Ran",
    minWidth: 90,
    cell: ({ node: { startedAt, stoppedAt } }) => <Duration from={startedAt} to={stoppedAt} />,
  },
  { id: "address", header: "Address", minWidth: 120, cell: ({ node }) => addressOf(node) ?? "–" },
  {
    id: "instance",
    header: "Instance",
    minWidth: 170,
    cell: ({ node, instance }) => <Instance node={node} instance={instance} />,
  },
  { id: "needs", header: "Resources", minWidth: 150, cell: ({ node }) => needsOf(node) },
  {
    id: "why",
    header: "Reason",
    minWidth: 160,
    cell: ({ node }) => (
      <span style={{ overflowWrap: "anywhere" }}>{node.container?.reason ?? node.statusReason ?? "–"}</span>
    ),
  },
  {
    id: "logs",
    header: "Logs",
    minWidth: 80,
    cell: ({ jobId, node }) => (
      <Follow path={`${jobPath(jobId)}?tab=logs&node=${indexOf(node)}`} label={`Logs of node ${indexOf(node)}`}>
        Logs
      </Follow>
    ),
  },
];

/** The nodes of a multi-node parallel job: where each runs, how it is, and the way to its output. */
export default function NodesPanel({ job }: { readonly job: JobDetail }) {
  const jobId = job.jobId!;
  const count = job.nodeProperties?.numNodes ?? 0;
  const [search, setSearch] = useSearchParams();
  const pages = Math.max(1, Math.ceil(count / PAGE));
  const page = Math.min(pages, Math.max(1, Number(search.get("page")) || 1));
  const first = (page - 1) * PAGE;
  const { data, error, refetch } = useQuery({
    queryKey: ["nodes", jobId, first],
    queryFn: () => readNodes(jobId, first, Math.min(count, first + PAGE)),
  });
  const { data: instances } = useQuery({
    queryKey: ["instances"],
    queryFn: () => call<InstancesAnswer>("/longshore/instances", "longshore"),
    // Who may not see instances sees the rest.
    retry: false,
  });
  useLive(
    [["nodes", jobId], ["instances"]],
    ({ detail }) => detail.jobId === jobId || detail.jobId?.startsWith(`${jobId}#`) === true,
  );
  if (data === undefined) {
    return error === null ? (
      <Loading what="Loading the nodes" />
    ) : (
      <ErrorAlert what="The nodes could not be read" error={error} onRetry={() => void refetch()} />
    );
  }
  const instanceOf = new Map(
    (instances?.instances ?? []).flatMap((instance) =>
      instance.jobs.map((id): [string, InstanceReport] => [id, instance]),
    ),
  );
  const setPage = (next: number): void =>
    setSearch((before) => {
      const changed = new URLSearchParams(before);
      changed.set("page", String(next));
      return changed;
    });
  return (
    <SpaceBetween size="m">
      {error !== null && <ErrorAlert what="What is shown may be old" error={error} onRetry={() => void refetch()} />}
      <Table
        variant="embedded"
        items={data.map((node): ShownNode => ({ jobId, node, instance: instanceOf.get(node.jobId!) }))}
        trackBy={({ node }) => node.jobId!}
        wrapLines
        header={
          <Header variant="h2" counter={`(${count})`}>
            Nodes
          </Header>
        }
        {...(pages > 1 && {
          pagination: (
            <Pagination
              currentPageIndex={page}
              pagesCount={pages}
              onChange={({ detail }) => setPage(detail.currentPageIndex)}
            />
          ),
        })}
        columnDefinitions={COLUMNS}
      />
    </SpaceBetween>
  );
}

async function readNodes(jobId: string, from: number, to: number): Promise<JobDetail[]> {
  const ids = Array.from({ length: to - from }, (_, place) => `${jobId}#${from + place}`);
  const { jobs = [] } = await batch("DescribeJobs", { jobs: ids });
  return jobs.toSorted((a, b) => indexOf(a) - indexOf(b));
}

function NodeName({ node }: { readonly node: JobDetail }) {
  return (
    <SpaceBetween direction="horizontal" size="xs">
      <Follow path={jobPath(node.jobId!)}>{`Node ${indexOf(node)}`}</Follow>
      {node.nodeDetails?.isMainNode === true && <Badge color="blue">main</Badge>}
    </SpaceBetween>
  );
}

function Instance({ node, instance }: { readonly node: JobDetail; readonly instance: InstanceReport | undefined }) {
  if (instance !== undefined) {
    const path = `/environments/${encodeURIComponent(instance.computeEnvironment)}`;
    return (
      <span>
        <Follow path={path}>{instance.instanceId}</Follow> {instance.instanceType}
      </span>
    );
  }
  const arn = node.container?.containerInstanceArn ?? node.attempts?.at(-1)?.container?.containerInstanceArn;
  if (arn === undefined) return <>–</>;
  return <span title={arn}>container instance {arn.slice(arn.lastIndexOf("/") + 1).slice(0, 12)}…</span>;
}

interface FollowProps {
  readonly path: string;
  readonly label?: string;
  readonly children: string;
}

function Follow({ path, label, children }: FollowProps) {
  const [, navigate] = useLocation();
  return (
    <Link
      href={path}
      {...(label !== undefined && { ariaLabel: label })}
      onFollow={(event) => {
        event.preventDefault();
        navigate(path);
      }}
    >
      {children}
    </Link>
  );
}

function indexOf({ nodeDetails }: JobDetail): number {
  return nodeDetails?.nodeIndex ?? 0;
}

function exitCodeOf({ container, attempts }: JobDetail): number | undefined {
  return container?.exitCode ?? attempts?.at(-1)?.container?.exitCode;
}

function addressOf({ container, ecsProperties, attempts }: JobDetail): string | undefined {
  const interfaces = [
    ...(container?.networkInterfaces ?? []),
    ...(ecsProperties?.taskProperties ?? []).flatMap(({ containers = [] }) =>
      containers.flatMap(({ networkInterfaces = [] }) => networkInterfaces),
    ),
    ...(attempts?.at(-1)?.container?.networkInterfaces ?? []),
  ];
  return interfaces.find(({ privateIpv4Address }) => privateIpv4Address !== undefined)?.privateIpv4Address;
}

/** What the node's containers ask for together. */
function needsOf({ container, ecsProperties }: JobDetail): string {
  const containers = [
    ...(container === undefined ? [] : [container]),
    ...(ecsProperties?.taskProperties ?? []).flatMap((task) => task.containers ?? []),
  ];
  const sum = (type: string): number =>
    containers
      .flatMap(({ resourceRequirements = [] }) => resourceRequirements)
      .filter((one) => one.type === type)
      .reduce((total, { value }) => total + Number(value), 0);
  const old = (member: "vcpus" | "memory"): number => container?.[member] ?? 0;
  const [vcpus, memory, gpus] = [sum("VCPU") || old("vcpus"), sum("MEMORY") || old("memory"), sum("GPU")];
  const parts = [
    vcpus > 0 && `${vcpus} vCPU`,
    memory > 0 && `${memory.toLocaleString("en")} MiB`,
    gpus > 0 && `${gpus} GPU`,
  ];
  return parts.filter((part) => part !== false).join(", ") || "–";
}
