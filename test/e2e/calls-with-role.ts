import { BatchClient, DescribeJobsCommand } from "@aws-sdk/client-batch";
import { GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";

/** What a job with a role runs in tests: it gets the role's credentials as every SDK does, and calls the server with them. Prints what came of it. */

const { env } = process;
const uri = env["AWS_CONTAINER_CREDENTIALS_FULL_URI"] ?? "";
const client = new BatchClient({});
const { accessKeyId, sessionToken } = await client.config.credentials();
const { jobs = [] } = await client.send(new DescribeJobsCommand({ jobs: [env["AWS_BATCH_JOB_ID"]!] }));
const { Arn } = await new STSClient({}).send(new GetCallerIdentityCommand({}));
const statusOf = async (url: string, authorization: string): Promise<number> =>
  (await fetch(url, { headers: { authorization } })).status;
const token = env["AWS_CONTAINER_AUTHORIZATION_TOKEN"] ?? "";

console.log(
  JSON.stringify({
    ...{ accessKeyId, sessionToken, status: jobs[0]?.status, arn: Arn },
    ownKey: env["AWS_ACCESS_KEY_ID"],
    withoutToken: await statusOf(uri, ""),
    ofAnother: await statusOf(uri.replace(/[0-9a-f]{32}/, "0".repeat(32)), token),
    ...{ uri, token },
  }),
);
