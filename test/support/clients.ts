import { BatchClient } from "@aws-sdk/client-batch";
import { CloudWatchLogsClient } from "@aws-sdk/client-cloudwatch-logs";
import { EC2Client } from "@aws-sdk/client-ec2";
import { ECSClient } from "@aws-sdk/client-ecs";

/** Who closes the client: a test, or node:test's own `after` for a whole file. */
interface Owner {
  readonly after: (task: () => void) => void;
}

const CREDENTIALS = { accessKeyId: "AKIDEXAMPLE", secretAccessKey: "secret" };
/** A failure shall show itself at once, and a submission is not to be repeated unseen. */
const MAX_ATTEMPTS = 1;

/** AWS's own client for Batch. */
export function batchClient(
  owner: Owner,
  endpoint: string,
  region = "us-east-1",
  maxAttempts = MAX_ATTEMPTS,
): BatchClient {
  const client = new BatchClient({ endpoint, region, credentials: CREDENTIALS, maxAttempts });
  owner.after(() => client.destroy());
  return client;
}

interface Key {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

/** AWS's own client for Batch, signing with a key that the server knows, or does not. */
export function clientWithKey(owner: Owner, endpoint: string, key: Key, region = "us-east-1"): BatchClient {
  const { accessKeyId, secretAccessKey } = key;
  const credentials = { accessKeyId, secretAccessKey };
  const client = new BatchClient({ endpoint, region, credentials, maxAttempts: MAX_ATTEMPTS });
  owner.after(() => client.destroy());
  return client;
}

/** AWS's own client for ECS. */
export function ecsClient(owner: Owner, endpoint: string, region = "us-east-1"): ECSClient {
  const client = new ECSClient({ endpoint, region, credentials: CREDENTIALS, maxAttempts: MAX_ATTEMPTS });
  owner.after(() => client.destroy());
  return client;
}

/** AWS's own client for EC2. */
export function ec2Client(owner: Owner, endpoint: string, region = "us-east-1"): EC2Client {
  const client = new EC2Client({ endpoint, region, credentials: CREDENTIALS, maxAttempts: MAX_ATTEMPTS });
  owner.after(() => client.destroy());
  return client;
}

/** AWS's own client for CloudWatch Logs. */
export function logsClient(owner: Owner, endpoint: string, region = "us-east-1"): CloudWatchLogsClient {
  const client = new CloudWatchLogsClient({ endpoint, region, credentials: CREDENTIALS, maxAttempts: MAX_ATTEMPTS });
  owner.after(() => client.destroy());
  return client;
}
