import assert from "node:assert/strict";
import { test } from "node:test";
import {
  CreateLogGroupCommand,
  CreateLogStreamCommand,
  paginateFilterLogEvents,
  PutLogEventsCommand,
} from "@aws-sdk/client-cloudwatch-logs";
import { logsClient } from "../support/clients.ts";
import { spawnServer } from "./server.ts";

const WRITERS = 6;
const ACKNOWLEDGED_BEFORE_THE_KILL = 300;

test("events that were acknowledged are there after the server was killed, each once", async (t) => {
  const server = await spawnServer(t);
  const before = logsClient(t, server.url);
  const logGroupName = "/kept";
  await before.send(new CreateLogGroupCommand({ logGroupName }));
  const acknowledged: string[] = [];
  let killing: Promise<void> | undefined;
  const write = async (writer: number): Promise<void> => {
    const stream = { logGroupName, logStreamName: `writer ${writer}` };
    await before.send(new CreateLogStreamCommand(stream));
    for (let n = 0; killing === undefined; n += 1) {
      const messages = [`${writer}.${n}.a`, `${writer}.${n}.b`];
      const logEvents = messages.map((message) => ({ timestamp: Date.now(), message }));
      try {
        await before.send(new PutLogEventsCommand({ ...stream, logEvents }));
      } catch (error) {
        if (killing === undefined) throw error;
        return;
      }
      acknowledged.push(...messages);
      if (acknowledged.length >= ACKNOWLEDGED_BEFORE_THE_KILL) killing ??= server.kill();
    }
  };
  await Promise.all(Array.from({ length: WRITERS }, (_, writer) => write(writer)));
  await killing;
  await server.start();
  const found: string[] = [];
  for await (const { events = [] } of paginateFilterLogEvents(
    { client: logsClient(t, server.url) },
    { logGroupName },
  )) {
    found.push(...events.map(({ message }) => message!));
  }
  assert.equal(new Set(found).size, found.length);
  assert.deepEqual(
    acknowledged.filter((message) => !found.includes(message)),
    [],
  );
  // Each writer has at most one batch of which it was not told.
  assert.ok(found.length <= acknowledged.length + 2 * WRITERS);
});
