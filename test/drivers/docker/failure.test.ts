import assert from "node:assert/strict";
import { test } from "node:test";
import { isEngineAway } from "../../../src/drivers/docker/failure.ts";

const answer = (statusCode: number, message: string): Error =>
  Object.assign(new Error(message), { statusCode, json: { message } });

test("an engine that is ending says so of its parts: what became of the request is unknown", () => {
  for (const message of [
    "grpc: the client connection is closing: context canceled",
    "failed to update the store state of sandbox: failed to update store for object type *libnetwork.sbState: open : no such file or directory",
  ]) {
    assert.equal(isEngineAway(answer(500, message)), true, message);
  }
});

test("an engine that refuses is there", () => {
  for (const [status, message] of [
    [500, "OCI runtime create failed: open /no: no such file or directory: unknown"],
    [409, "grpc: the client connection is closing"],
    [404, "No such container: x"],
  ] as const) {
    assert.equal(isEngineAway(answer(status, message)), false, message);
  }
  assert.equal(isEngineAway(Object.assign(new Error("gone"), { code: "ECONNRESET" })), true);
});
