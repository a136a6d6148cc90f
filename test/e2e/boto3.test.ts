import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { findClient, runClient } from "./client-program.ts";
import { spawnServer } from "./server.ts";

const SESSION = join(import.meta.dirname, "boto3-session.py");
const CHECKS = 10;

const python = findClient("boto3", ["python3", "/usr/bin/python3"], ["-c", "import boto3"]);
const skip = "missing" in python && python.missing;

test("a session of boto3", { skip }, async (t) => {
  assert.ok("program" in python);
  const server = await spawnServer(t);
  const said = await runClient(python.program, [SESSION, server.url]);
  assert.equal(said.match(/ passed$/gm)?.length, CHECKS, said);
});
