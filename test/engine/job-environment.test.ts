import assert from "node:assert/strict";
import { test } from "node:test";
import type { KeyValuePair } from "@aws-sdk/client-batch";
import { ServerSurroundings } from "../../src/compose/surroundings.ts";
import { attemptId } from "../../src/core/ids.ts";
import { bind } from "../../src/core/lifecycle.ts";
import type { DriverName } from "../../src/core/driver-name.ts";
import type { Job } from "../../src/core/job.ts";
import { jobEnvironment } from "../../src/engine/job-environment.ts";
import type { Launch } from "../../src/ports/store.ts";

const URL = "http://127.0.0.1:4590";
const ENDPOINTS = {
  AWS_ENDPOINT_URL_BATCH: URL,
  AWS_ENDPOINT_URL_CLOUDWATCH_LOGS: URL,
  AWS_ENDPOINT_URL_STS: URL,
  AWS_ENDPOINT_URL_ECS: URL,
  AWS_ENDPOINT_URL_EC2: URL,
};
const KEYS = { AWS_ACCESS_KEY_ID: "key of a", AWS_SECRET_ACCESS_KEY: "s" };
const REGION = { AWS_REGION: "eu-west-1", AWS_DEFAULT_REGION: "eu-west-1" };
const METADATA = { ECS_CONTAINER_METADATA_URI_V4: `${URL}/ecs/v4/${attemptId({ id: "a", seq: 1 }, 1)}` };
const BATCH = {
  AWS_BATCH_JOB_ID: "a",
  AWS_BATCH_JOB_ATTEMPT: "1",
  AWS_BATCH_JQ_NAME: "q",
  AWS_BATCH_CE_NAME: "e",
  AWS_EXECUTION_ENV: "AWS_ECS_EC2",
};

interface Situation {
  readonly given?: Record<string, string>;
  readonly jobVariables?: Record<string, string>;
  readonly server?: Record<string, string>;
  readonly driver?: DriverName;
  /** null: not known. */
  readonly url?: string | null;
  readonly spec?: Partial<Launch["spec"]>;
  /** The names of the container's secrets. */
  readonly secrets?: readonly string[];
  readonly role?: string;
}

function environmentIn(situation: Situation) {
  const {
    given = {},
    jobVariables,
    server = {},
    driver = "process",
    url = URL,
    spec = {},
    secrets = [],
    role,
  } = situation;
  const surroundings = new ServerSurroundings(server, jobVariables);
  if (url !== null) surroundings.reachable(driver, url);
  surroundings.credentialsAt(driver, url ?? undefined);
  const issue = (jobId: string) => ({ accessKeyId: `key of ${jobId}`, secretAccessKey: "s" });
  const waiting: Job = {
    id: "a",
    seq: 1,
    queueArn: "arn:aws:batch:eu-west-1:123456789012:job-queue/q",
    createdAt: 0,
    scheduling: {
      requirements: { vcpuMilli: 1000, memoryMiB: 64, gpus: 0 },
      retry: { attempts: 1, evaluateOnExit: [] },
      dependsOn: [],
      needsImage: false,
    },
    state: { status: "RUNNABLE", attempts: [] },
  };
  const environmentArn = "arn:aws:batch:eu-west-1:123456789012:compute-environment/e";
  const job = { ...waiting, state: bind(waiting, { environmentArn, driver }, 0) };
  const launch = { scope: "123456789012/eu-west-1", spec } as Launch;
  const entries: KeyValuePair[] = Object.entries(given).map(([name, value]) => ({ name, value }));
  const named = secrets.map((name) => ({ name, valueFrom: "/somewhere" }));
  const place = { job, launch, environment: undefined };
  return jobEnvironment(
    place,
    { environment: entries, secrets: named, jobRoleArn: role },
    {
      surroundings,
      credentials: { issue, pathOf: (jobId) => `/as/${jobId}`, tokenOf: (id) => `token of ${id}` },
      roles: { has: (role) => role === "mapped" },
    },
  );
}

test("a job is told where the server is, which keys are its own, and where its metadata are", () => {
  assert.deepEqual(environmentIn({}), { ...ENDPOINTS, ...KEYS, ...REGION, ...METADATA, ...BATCH });
  assert.deepEqual(environmentIn({ url: null }), { ...REGION, ...BATCH });
});

test("a pod is no task of ECS: it is told its node instead", () => {
  const { AWS_EXECUTION_ENV: _, ...ofEveryJob } = BATCH;
  const { AWS_BATCH_JOB_KUBERNETES_NODE_UID: uid, ...rest } = environmentIn({ spec: { eksProperties: {} } });
  assert.match(uid ?? "", /^[0-9a-f-]{36}$/);
  assert.deepEqual(rest, { ...ENDPOINTS, ...KEYS, ...REGION, ...ofEveryJob });
});

test("what the user sets wins over that, and what AWS Batch sets over the user's", () => {
  const given = {
    AWS_REGION: "us-west-2",
    AWS_ENDPOINT_URL_STS: "https://sts.amazonaws.com",
    AWS_EXECUTION_ENV: "mine",
  };
  assert.deepEqual(environmentIn({ given: { ...given, COLOUR: "" } }), {
    ...{ ...ENDPOINTS, ...KEYS, ...REGION, ...METADATA, ...given, COLOUR: "" },
    ...BATCH,
  });
});

test("an endpoint of the user's for all services is not undercut", () => {
  const given = { AWS_ENDPOINT_URL: "https://example.org" };
  assert.deepEqual(environmentIn({ given }), { ...KEYS, ...REGION, ...METADATA, ...given, ...BATCH });
});

test("who brings credentials, or says where they are, gets no others", () => {
  for (const name of [
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_PROFILE",
    "AWS_SHARED_CREDENTIALS_FILE",
    "AWS_CONFIG_FILE",
    "AWS_ROLE_ARN",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
  ]) {
    const own = { [name]: "mine" };
    const expected: Record<string, string> = { ...ENDPOINTS, ...REGION, ...METADATA, ...own, ...BATCH };
    assert.deepEqual(environmentIn({ given: own }), expected, name);
    assert.deepEqual(environmentIn({ jobVariables: own }), expected, name);
    const { [name]: _, ...others } = expected;
    assert.deepEqual(environmentIn({ secrets: [name] }), others, name);
  }
});

test("a secret's name is left to it, whoever else would set it, but for what AWS Batch sets", () => {
  const secrets = ["AWS_ENDPOINT_URL", "AWS_REGION", "COLOUR", "AWS_BATCH_JOB_ID"];
  const expected = { ...KEYS, AWS_DEFAULT_REGION: "eu-west-1", ...METADATA, ...BATCH };
  assert.deepEqual(environmentIn({ secrets, jobVariables: { COLOUR: "red" } }), expected);
});

test("a job whose role is mapped gets that role's credentials, and says who it is in the path of its calls", () => {
  const id = attemptId({ id: "a", seq: 1 }, 1);
  const called = Object.fromEntries(Object.keys(ENDPOINTS).map((name) => [name, `${URL}/as/a`]));
  const credentials = {
    AWS_CONTAINER_CREDENTIALS_FULL_URI: `${URL}/ecs/v4/${id}/credentials`,
    AWS_CONTAINER_AUTHORIZATION_TOKEN: `token of ${id}`,
  };
  assert.deepEqual(environmentIn({ role: "mapped" }), { ...called, ...credentials, ...REGION, ...METADATA, ...BATCH });
  const ownKey = { ...ENDPOINTS, ...KEYS, ...REGION, ...METADATA, ...BATCH };
  assert.deepEqual(environmentIn({ role: "other" }), ownKey);
  const given = { AWS_PROFILE: "mine" };
  assert.deepEqual(environmentIn({ role: "mapped", given }), {
    ...ENDPOINTS,
    ...REGION,
    ...METADATA,
    ...given,
    ...BATCH,
  });
  const url = "http://192.0.2.1:4590";
  const elsewhere = environmentIn({ role: "mapped", url });
  assert.equal(elsewhere["AWS_ACCESS_KEY_ID"], KEYS.AWS_ACCESS_KEY_ID, "no SDK would take credentials from there");
  assert.equal(elsewhere["AWS_CONTAINER_CREDENTIALS_FULL_URI"], undefined);
});

test("variables for every job: S3's endpoint from the server's own, others as told; the job's own win", () => {
  const server = { AWS_ENDPOINT_URL_S3: "http://localhost:9000", AWS_ENDPOINT_URL: "http://localhost:1", SECRET: "x" };
  const jobVariables = { COLOUR: "red", SHAPE: "round" };
  assert.deepEqual(environmentIn({ server, jobVariables, given: { COLOUR: "blue" } }), {
    ...{ ...ENDPOINTS, ...KEYS, ...REGION, ...METADATA, ...BATCH },
    ...{ AWS_ENDPOINT_URL_S3: "http://localhost:9000", COLOUR: "blue", SHAPE: "round" },
  });
});

test("in a container, this machine is called by its name there", () => {
  const rewritten: [string, string][] = [
    ["http://localhost:9000", "http://host.docker.internal:9000"],
    ["http://127.0.0.1", "http://host.docker.internal"],
    ["https://[::1]:1/a?b#c", "https://host.docker.internal:1/a?b#c"],
    ["HTTP://s3.LOCALHOST/x", "HTTP://host.docker.internal/x"],
    ["http://user:word@localhost/x", "http://user:word@host.docker.internal/x"],
    ["http://0.0.0.0:80", "http://host.docker.internal:80"],
  ];
  const kept = [
    "http://localhost.example.org",
    "http://example.org/localhost",
    "localhost:9000",
    "http://1127.0.0.1",
    "",
  ];
  for (const [from, to] of [...rewritten, ...kept.map((same): [string, string] => [same, same])]) {
    const jobVariables = { WHERE: from };
    assert.equal(environmentIn({ jobVariables, driver: "docker" })["WHERE"], to, from);
    assert.equal(environmentIn({ jobVariables })["WHERE"], from, from);
  }
  // What a job sets itself is nobody else's business.
  const given = { WHERE: "http://localhost:1" };
  assert.equal(environmentIn({ given, driver: "docker" })["WHERE"], "http://localhost:1");
});
