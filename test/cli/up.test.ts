import assert from "node:assert/strict";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { until } from "../support/until.ts";
import { Cli } from "./longshore.ts";

test("up says where it is and how to use it, and stops cleanly on SIGINT and SIGTERM", async (t) => {
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    const cli = new Cli(t);
    const server = cli.start("up", "--port", "0", "--driver", "process", "--vcpus", "3", "--memory-mib", "2048");
    await until("the ready message", () => server.stdout.includes("Ctrl-C"));
    assert.match(server.stdout, /^Longshore is ready at http:\/\/127\.0\.0\.1:\d+$/m);
    assert.match(server.stdout, /^  console +open http:\/\/127\.0\.0\.1:\d+\/ in a browser$/m);
    assert.match(server.stdout, /3 vCPU, 2\.0 GiB/);
    const [, url] = /AWS_ENDPOINT_URL_BATCH=(\S+) /.exec(server.stdout) ?? [];
    assert.equal((await cli.run("queues", "-q", "--endpoint", url ?? "")).stdout, "default\n");
    server.process.kill(signal);
    const { code, stderr } = await server.ended;
    assert.equal(code, 0);
    assert.match(stderr, /Jobs that run go on/);
    assert.equal(existsSync(join(cli.dataDir, "server.json")), false);
  }
});

test("up --json prints one line when ready", async (t) => {
  const cli = new Cli(t);
  const server = await cli.up("--vcpus", "5");
  const ready = JSON.parse(server.stdout) as { url: string; pid: number; dataDir: string; capacity: { vcpus: number } };
  assert.deepEqual([ready.pid, ready.dataDir, ready.capacity.vcpus], [server.process.pid, cli.dataDir, 5]);
  assert.equal((await fetch(new URL("/readyz", ready.url))).status, 200);
  server.process.kill("SIGTERM");
  assert.equal((await server.ended).code, 0);
});

test("a job goes on without its server; the next server knows its output and its end", async (t) => {
  const cli = new Cli(t);
  const first = await cli.up();
  const go = join(cli.home, "go");
  const script = `echo before; while [ ! -e '${go}' ]; do sleep 0.02; done; echo after; exit 5`;
  const job = (await cli.run("submit", "long", "-q", "--", "sh", "-c", script)).stdout.trim();
  await until("it runs", async () => (await cli.run("logs", job)).stdout === "before\n");
  first.process.kill("SIGTERM");
  assert.equal((await first.ended).code, 0);
  await cli.startProgram("touch", [go]).ended;
  const second = await cli.up();
  assert.equal((await cli.run("jobs", "wait", job)).code, 5);
  assert.equal((await cli.run("logs", job)).stdout, "before\nafter\n");
  second.process.kill("SIGTERM");
  await second.ended;
});

test("a configuration file that is wrong gives 2, names the member, and says what would be right", async (t) => {
  const cli = new Cli(t);
  const file = join(cli.home, "config.json");
  writeFileSync(file, '{"secrets": [{"match": "a", "fiel": "b"}]}');
  for (const command of [["up"], ["run", "--", "true"]]) {
    const [name = "", ...rest] = command;
    const { code, stderr } = await cli.run(name, "--config", file, ...rest);
    assert.equal(code, 2);
    assert.equal(
      stderr,
      `longshore: ${file}: secrets[0] must have exactly one of file, directory, variable, command. Correct it (docs/configuration.md), or name another file with --config.\n`,
    );
  }
  writeFileSync(file, '{"secrets": [], "roles": []}');
  assert.equal((await cli.run("run", "--driver", "process", "--config", file, "--", "true")).code, 0);
});

test("wrong server options give 2, a port in use 3", async (t) => {
  const cli = new Cli(t);
  const server = await cli.up();
  const { url } = JSON.parse(server.stdout) as { url: string };
  const other = new Cli(t);
  const taken = await other.run("up", "--port", new URL(url).port);
  assert.equal(taken.code, 3);
  assert.match(taken.stderr, new RegExp(new URL(url).port));
  assert.equal((await other.run("up", "--port", "70000")).code, 2);
  assert.equal((await other.run("up", "--driver", "magic")).code, 2);
  const elsewhere = await other.run("up", "--host", "203.0.113.1", "--port", "0");
  assert.equal(elsewhere.code, 2);
  assert.match(
    elsewhere.stderr,
    /^longshore: The server cannot listen on 203\.0\.113\.1 \(.*EADDRNOTAVAIL.*\)\. Name another address with --host\.\n$/,
  );
  assert.equal((await other.run("up", "--allowed-host", "a:80")).code, 2);
  server.process.kill("SIGTERM");
  await server.ended;
});
