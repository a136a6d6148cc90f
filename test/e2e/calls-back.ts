import { BatchClient, DescribeJobsCommand } from "@aws-sdk/client-batch";
import { GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";

/** What a job runs in the tests of calling back: it asks the server about itself, with nothing but its environment, and prints what it learnt. */

const { AWS_BATCH_JOB_ID: ownId = "", AWS_ENDPOINT_URL_BATCH, ECS_CONTAINER_METADATA_URI_V4 } = process.env;

const describe = async (client: BatchClient): Promise<string> => {
  try {
    const { jobs = [] } = await client.send(new DescribeJobsCommand({ jobs: [ownId] }));
    return `${jobs[0]?.jobId} ${jobs[0]?.status}`;
  } catch (error) {
    return error instanceof Error ? error.name : String(error);
  }
};

const { Arn } = await new STSClient({}).send(new GetCallerIdentityCommand({}));
const unsigned = await fetch(`${AWS_ENDPOINT_URL_BATCH}/v1/describejobs`, {
  method: "POST",
  headers: { "content-type": "application/json" },
  body: JSON.stringify({ jobs: [ownId] }),
});
const metadata = (await (await fetch(ECS_CONTAINER_METADATA_URI_V4!)).json()) as { Name: string };

console.log(
  JSON.stringify({
    own: await describe(new BatchClient({})),
    arn: Arn,
    anyKey: await describe(new BatchClient({ credentials: { accessKeyId: "any", secretAccessKey: "any" } })),
    unsigned: unsigned.status,
    metadata: metadata.Name,
    endpoint: AWS_ENDPOINT_URL_BATCH,
  }),
);
