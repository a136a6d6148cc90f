import type * as Batch from "@aws-sdk/client-batch";
import { useQuery } from "@tanstack/react-query";
import { allPages } from "../../api/all-pages.ts";
import { batch } from "../../api/batch.ts";
import { tagTexts } from "../../components/resources/names.ts";
import { ResourceState, ResourceStatus } from "../../components/resources/resource-status.tsx";
import type { Column } from "../../components/resources/resource-table.tsx";
import { ResourceTable } from "../../components/resources/resource-table.tsx";

const EVERY_MS = 15_000;

const limitsOf = ({ capacityLimits }: Batch.ServiceEnvironmentDetail): string =>
  (capacityLimits ?? []).map(({ maxCapacity, capacityUnit }) => `${maxCapacity} ${capacityUnit}`).join(", ");

const COLUMNS: readonly Column<Batch.ServiceEnvironmentDetail>[] = [
  {
    id: "name",
    header: "Name",
    cell: ({ serviceEnvironmentName }) => serviceEnvironmentName,
    value: ({ serviceEnvironmentName }) => serviceEnvironmentName!,
    width: 140,
  },
  { id: "type", header: "Type", cell: ({ serviceEnvironmentType }) => serviceEnvironmentType, width: 170 },
  { id: "state", header: "State", cell: ({ state }) => <ResourceState state={state} />, width: 120 },
  { id: "status", header: "Status", cell: ({ status }) => <ResourceStatus status={status} />, width: 120 },
  { id: "limits", header: "Most at a time", cell: limitsOf, width: 160 },
  { id: "tags", header: "Tags", cell: ({ tags }) => tagTexts(tags).join(", ") || "None", width: 140 },
];

/** Where service jobs run, to be read; nothing where there are none. They are changed with the API. */
export function ServiceEnvironments() {
  const { data } = useQuery({
    queryKey: ["service-environments"],
    queryFn: () =>
      allPages(
        (nextToken) => batch("DescribeServiceEnvironments", { ...(nextToken !== undefined && { nextToken }) }),
        ({ serviceEnvironments }) => serviceEnvironments,
      ),
    refetchInterval: EVERY_MS,
  });
  if (data === undefined || data.length === 0) return null;
  return (
    <ResourceTable
      title="Service environments"
      label="Service environments"
      prefix="service-"
      items={data}
      columns={COLUMNS}
      idOf={({ serviceEnvironmentArn }) => serviceEnvironmentArn!}
      description="For SageMaker training jobs; each queue of the type SAGEMAKER_TRAINING has one."
      empty=""
    />
  );
}
