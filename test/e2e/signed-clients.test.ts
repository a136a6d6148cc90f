import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { keyedServer } from "../access/server.ts";
import { findClient } from "./client-program.ts";

const run = promisify(execFile);
const SESSION = join(import.meta.dirname, "boto3-signed.py");
const CHECKS = 5;

const python = findClient("boto3", ["python3", "/usr/bin/python3"], ["-c", "import boto3"]);
const cli = findClient("The AWS CLI", ["aws", "/usr/bin/aws"], ["--version"]);

test("what boto3 signs is verified", { skip: "missing" in python && python.missing }, async (t) => {
  assert.ok("program" in python);
  const server = await keyedServer(t);
  const { accessKeyId, secretAccessKey } = server.keys[0]!;
  const { stdout } = await run(python.program, [SESSION, server.url, accessKeyId, secretAccessKey]);
  assert.equal(stdout.match(/: passed$/gm)?.length, CHECKS, stdout);
});

test(
  "what the AWS CLI signs is verified, until its key is revoked",
  { skip: "missing" in cli && cli.missing },
  async (t) => {
    assert.ok("program" in cli);
    const aws = cli.program;
    const server = await keyedServer(t, [
      { account: "210987654321", statements: [{ Effect: "Allow", Action: "batch:*", Resource: "*" }] },
    ]);
    const { accessKeyId, secretAccessKey } = server.keys[0]!;
    const call = async (secret: string, ...args: string[]): Promise<string> => {
      const env = {
        PATH: process.env["PATH"],
        HOME: "/nonexistent",
        AWS_ACCESS_KEY_ID: accessKeyId,
        AWS_SECRET_ACCESS_KEY: secret,
        AWS_DEFAULT_REGION: "us-west-2",
        AWS_PAGER: "",
        AWS_MAX_ATTEMPTS: "1",
      };
      const output = ["--endpoint-url", server.url, "--output", "json"];
      return run(aws, [...output, ...args], { env }).then(
        ({ stdout }) => stdout,
        (error: Error & { stderr?: string }) => error.stderr ?? error.message,
      );
    };
    const arn = "arn:aws:batch:us-west-2:210987654321:job-queue/default";
    assert.match(await call(secretAccessKey, "batch", "describe-job-queues"), new RegExp(`"${arn}"`));
    assert.equal(
      await call(secretAccessKey, "batch", "tag-resource", "--resource-arn", arn, "--tags", '{"a b":"c d"}'),
      "",
    );
    assert.equal(
      await call(secretAccessKey, "batch", "untag-resource", "--resource-arn", arn, "--tag-keys", "a b", "x"),
      "",
    );
    assert.match(
      await call("wrong", "batch", "describe-job-queues"),
      /\(InvalidSignatureException\) when calling .* does not match the signature you provided/,
    );
    assert.match(
      await call(secretAccessKey, "logs", "describe-log-groups"),
      /\(AccessDeniedException\) when calling .*: User: arn:aws:iam::210987654321:user\/ann is not authorized to perform: logs:DescribeLogGroups on resource: arn:aws:logs:us-west-2:210987654321:log-group::log-stream: because no identity-based policy allows the logs:DescribeLogGroups action/,
    );
    await server.admin((admin) => admin.revoke(accessKeyId));
    assert.match(
      await call(secretAccessKey, "batch", "describe-job-queues"),
      /\(UnrecognizedClientException\) when calling .*: The security token included in the request is invalid/,
    );
  },
);
