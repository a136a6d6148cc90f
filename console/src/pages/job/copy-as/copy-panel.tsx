import type { JobDetail } from "@aws-sdk/client-batch";
import Box from "@cloudscape-design/components/box";
import Container from "@cloudscape-design/components/container";
import Header from "@cloudscape-design/components/header";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { useQuery } from "@tanstack/react-query";
import { batch } from "../../../api/batch.ts";
import { ErrorAlert } from "../../../components/errors.tsx";
import { Loading } from "../../../components/loading.tsx";
import { CodeBox } from "../code-box.tsx";
import { awsCommand } from "./aws-cli.ts";
import { boto3Text } from "./boto3.ts";
import { dockerCommands } from "./docker.ts";
import { longshoreCommand } from "./longshore-cli.ts";
import { submissionOf } from "./submission.ts";

/** The same job for other tools. */
export default function CopyPanel({ job }: { readonly job: JobDetail }) {
  const { data, error, isPending, refetch } = useQuery({
    queryKey: ["definition", job.jobDefinition],
    queryFn: () => batch("DescribeJobDefinitions", { jobDefinitions: [job.jobDefinition!] }),
  });
  if (isPending) return <Loading what="Reading its definition" />;
  if (data === undefined) {
    return <ErrorAlert what="Its definition cannot be read" error={error} onRetry={() => void refetch()} />;
  }
  const [definition] = data.jobDefinitions ?? [];
  const request = submissionOf(job, definition ?? {});
  const longshore = longshoreCommand(request);
  const docker = dockerCommands(job);
  return (
    <SpaceBetween size="l">
      {job.arrayProperties?.index !== undefined && (
        <Box color="text-body-secondary">
          Of a child this makes a job of its own, in which AWS_BATCH_JOB_ARRAY_INDEX is not set.
        </Box>
      )}
      <Part title="AWS CLI" text={awsCommand(request)} />
      <Part title="Python (boto3)" text={boto3Text(request)} />
      <Part
        title="Longshore"
        text={longshore.command}
        notes={
          longshore.missing.length === 0
            ? []
            : [`longshore submit has no option for ${longshore.missing.join(", ")}: the AWS CLI's command has them.`]
        }
      />
      {docker.map(({ name, command, notes }) => (
        <Part
          key={name ?? ""}
          title={`Docker${name === undefined || docker.length === 1 ? "" : `, container ${name}`}`}
          text={command}
          notes={notes}
        />
      ))}
    </SpaceBetween>
  );
}

interface PartProps {
  readonly title: string;
  readonly text: string;
  readonly notes?: readonly string[];
}

const NONE: readonly string[] = [];

function Part({ title, text, notes = NONE }: PartProps) {
  return (
    <Container header={<Header variant="h2">{title}</Header>}>
      <SpaceBetween size="s">
        <CodeBox text={text} what={title} />
        {notes.map((note) => (
          <Box key={note} color="text-body-secondary">
            {note}
          </Box>
        ))}
      </SpaceBetween>
    </Container>
  );
}
