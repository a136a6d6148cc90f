import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { after, test } from "node:test";
import { findClient, runClient } from "./client-program.ts";
import { spawnServer } from "./server.ts";

/** Version 2 alone has `aws logs tail`, and this command. */
const cli = findClient("The AWS CLI, version 2", ["aws", "/usr/bin/aws"], ["configure", "list-profiles"]);

if ("missing" in cli) test("CloudWatch Logs with the AWS CLI", { skip: cli.missing }, () => {});
else sessions(cli.program);

function sessions(aws: string): void {
  const server = spawnServer({ after });
  const run = async (operation: string, ...args: readonly string[]): Promise<string> =>
    runClient(aws, ["--endpoint-url", (await server).url, "--output", "json", "logs", operation, ...args]);
  const call = async <T>(operation: string, ...args: readonly string[]): Promise<T> => {
    const said = await run(operation, ...args);
    return (said === "" ? {} : JSON.parse(said)) as T;
  };
  const put = (stream: readonly string[], ...messages: readonly string[]) => {
    const events = messages.map((message) => ({ timestamp: Date.now(), message }));
    return call("put-log-events", ...stream, "--log-events", JSON.stringify(events));
  };

  test("aws: create, put, filter, tail", async () => {
    const group = ["--log-group-name", "/cli/own"];
    const stream = [...group, "--log-stream-name", "one"];
    await call("create-log-group", ...group, "--tags", "team=blue");
    await call("create-log-stream", ...stream);
    await put(stream, "INFO started", "ERROR disk full", "ERROR net");
    type Events = { readonly events: readonly { readonly message: string }[] };
    const found = await call<Events>("filter-log-events", ...group, "--filter-pattern", 'ERROR -"disk full"');
    assert.deepEqual(
      found.events.map(({ message }) => message),
      ["ERROR net"],
    );
    const latest = await call<Events>("get-log-events", ...stream, "--limit", "2");
    assert.deepEqual(
      latest.events.map(({ message }) => message),
      ["ERROR disk full", "ERROR net"],
    );
    const tailed = await run("tail", "/cli/own", "--since", "5m", "--format", "short", "--filter-pattern", "ERROR");
    assert.deepEqual(
      tailed
        .trim()
        .split("\n")
        .map((line) => line.replace(/^\S+ /, "")),
      ["ERROR disk full", "ERROR net"],
    );
    await assert.rejects(call("filter-log-events", ...group, "--filter-pattern", "Status: x"), {
      message:
        /\(InvalidParameterException\) when calling the FilterLogEvents operation: Invalid character\(s\) in term ':'/,
    });
    await call("delete-log-group", ...group);
    await assert.rejects(call("describe-log-streams", ...group), {
      message: /\(ResourceNotFoundException\) .*: The specified log group does not exist\./,
    });
  });

  test("aws: tail --follow shows each event once, also those of streams that come later", async () => {
    const group = ["--log-group-name", "/cli/follow"];
    await call("create-log-group", ...group);
    await call("create-log-stream", ...group, "--log-stream-name", "a");
    await put([...group, "--log-stream-name", "a"], "first");
    const { url } = await server;
    const follow = ["--endpoint-url", url, "logs", "tail", "/cli/follow", "--follow", "--format", "short"];
    const env = {
      ...process.env,
      AWS_ACCESS_KEY_ID: "any",
      AWS_SECRET_ACCESS_KEY: "any",
      AWS_DEFAULT_REGION: "us-east-1",
    };
    const tail = spawn(aws, follow, { env, stdio: ["ignore", "pipe", "inherit"] });
    let said = "";
    tail.stdout.setEncoding("utf8");
    const until = async (text: string): Promise<void> => {
      while (!said.includes(text)) {
        const { done, value } = (await chunks.next()) as IteratorResult<string, undefined>;
        assert.ok(!done, `aws logs tail ended after ${said}`);
        said += value;
      }
    };
    const chunks = tail.stdout[Symbol.asyncIterator]();
    try {
      await until("first");
      await call("create-log-stream", ...group, "--log-stream-name", "b");
      await put([...group, "--log-stream-name", "b"], "second", "third");
      await put([...group, "--log-stream-name", "a"], "last");
      await until("last");
    } finally {
      tail.kill("SIGKILL");
    }
    const messages = said
      .trim()
      .split("\n")
      .map((line) => line.replace(/^\S+ /, ""));
    assert.deepEqual(messages, ["first", "second", "third", "last"]);
  });
}
