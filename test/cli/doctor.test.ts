import assert from "node:assert/strict";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { test } from "node:test";
import type { Finding } from "../../src/compose/doctor/finding.ts";
import { examine } from "../../src/compose/doctor/finding.ts";
import { systemClock } from "../support/clock.ts";
import { KubernetesDouble } from "../support/kubernetes/double.ts";
import { dockerUnavailable } from "../support/docker.ts";
import { ensureTestImage } from "../support/docker-image.ts";
import { Cli, LAUNCHER } from "./longshore.ts";

async function doctor(cli: Cli, args: readonly string[], env: NodeJS.ProcessEnv = {}) {
  const { code, stdout, stderr } = await cli.startProgram(LAUNCHER, ["doctor", "--json", ...args], { env }).ended;
  assert.equal(stderr, "");
  const { findings, problems } = JSON.parse(stdout) as { findings: Finding[]; problems: number };
  assert.equal(problems, findings.filter(({ level }) => level === "problem").length);
  assert.equal(code, problems === 0 ? 0 : 1);
  for (const { level, todo } of findings) assert.equal(todo === undefined, level === "ok" || level === "skipped");
  const of = (check: string): Finding[] => findings.filter((one) => one.check === check);
  return { findings, of };
}

/** Somebody listens there, and says nothing. */
async function listener(t: TestContext, at: { port: number; host: string } | { path: string }) {
  const server = createServer();
  t.after(() => server.close());
  server.listen(at);
  await once(server, "listening");
  const address = server.address();
  return typeof address === "object" && address !== null ? address.port : 0;
}

test("a broken machine: each thing is found, and what to do about it", async (t) => {
  const cli = new Cli(t);
  const port = await listener(t, { port: 0, host: "127.0.0.1" });
  const file = join(cli.home, "file");
  writeFileSync(file, "");
  const { of } = await doctor(cli, ["--port", String(port), "--data-dir", file], {
    DOCKER_HOST: `unix://${file}`,
    HTTP_PROXY: "http://proxy:3128",
    NO_PROXY: "example.com",
    AWS_ENDPOINT_URL_BATCH: "http://127.0.0.1:1",
    LONGSHORE_DATABASE_URL: "postgres://me:secret@127.0.0.1:1/nowhere",
  });
  const expected: [check: string, level: Finding["level"], says: RegExp, todo?: RegExp][] = [
    ["node", "ok", /^Node\.js 2\d\./],
    ["data directory", "problem", /file is no directory/, /--data-dir/],
    ["port", "problem", new RegExp(`Port ${port} .* in use by process ${process.pid} \\(`), /--port 0/],
    ["server", "skipped", /No server/],
    ["clock", "ok", /^The clock says 20/],
    ["postgresql", "problem", /postgres:\/\/me:\*\*\*@127\.0\.0\.1:1\/nowhere cannot be used/, /postgresql\.md/],
    ["engine", "problem", /Nothing answers at .*file/, /systemctl start docker/],
    ["container", "skipped", /No container engine/],
    [
      "proxy",
      "warning",
      /NO_PROXY does not leave out localhost and 127/,
      /NO_PROXY=example\.com,localhost,127\.0\.0\.1$/,
    ],
  ];
  for (const [check, level, says, todo] of expected) {
    const [found] = of(check);
    assert.equal(found?.level, level, `${check}: ${JSON.stringify(found)}`);
    assert.match(found.says, says);
    if (todo !== undefined) assert.match(found.todo!, todo);
  }
  const aws = of("aws").filter(({ level }) => level === "warning");
  assert.deepEqual(
    aws.map(({ todo }) => todo),
    [
      `export AWS_ENDPOINT_URL_BATCH=http://127.0.0.1:${port}`,
      "export AWS_ENDPOINT_URL_CLOUDWATCH_LOGS=http://127.0.0.1:1",
    ],
  );
});

test("an engine that hangs, a place where nothing can be written", async (t) => {
  const cli = new Cli(t);
  const path = join(cli.home, "docker.sock");
  await listener(t, { path });
  const { of } = await doctor(cli, ["--data-dir", "/proc/longshore"], { DOCKER_HOST: `unix://${path}` });
  assert.match(of("engine")[0]!.says, /it hangs/);
  assert.match(of("data directory")[0]!.says, /Nothing can be written in \/proc/);
});

test("beside a server that runs, for people too; and after one that was killed", async (t) => {
  const cli = new Cli(t);
  const server = await cli.up();
  const { url } = JSON.parse(server.stdout) as { url: string };
  const port = new URL(url).port;
  const { of } = await doctor(cli, ["--port", port]);
  assert.deepEqual([of("server")[0]!.level, of("port")[0]!.level, of("data directory")[0]!.level], ["ok", "ok", "ok"]);
  const { stdout } = await cli.run("doctor", "--port", port);
  assert.match(stdout, new RegExp(`^ok +server +The server at ${url} is ready`, "m"));
  assert.match(stdout, /\n\n(All is well|\d+ problems?, \d+ warnings?)\.\n$/);
  const other = new Cli(t);
  const found = (await doctor(other, ["--port", port])).of("port")[0]!;
  assert.match(found.says, /a Longshore with another data directory/);
  server.process.kill("SIGKILL");
  await server.ended;
  const after = await doctor(cli, ["--port", port]);
  assert.equal(after.of("server")[0]!.level, "problem");
  assert.match(after.of("server")[0]!.says, /does not answer there/);
});

test(
  "a container is tried out, with a server and without",
  { skip: (await dockerUnavailable()) ?? false },
  async (t) => {
    const image = await ensureTestImage();
    const cli = new Cli(t);
    const { of } = await doctor(cli, ["--image", image]);
    assert.deepEqual(
      [of("container")[0]!.level, of("container")[0]!.says],
      ["ok", `A container of ${image} runs, and reaches this machine.`],
    );
    const missing = await doctor(cli, ["--image", "longshore-test/nowhere:1"]);
    assert.match(missing.of("container")[0]!.todo!, /docker pull longshore-test\/nowhere:1/);
  },
);

test("what hangs is a finding, and what throws is one", async () => {
  const found = await examine(
    [
      { name: "hangs", find: () => new Promise(() => {}) },
      { name: "throws", find: () => Promise.reject(new Error("no luck")) },
    ],
    systemClock,
    20,
  );
  assert.deepEqual(
    found.map(({ check, level }) => [check, level]),
    [
      ["hangs", "problem"],
      ["throws", "problem"],
    ],
  );
});

test("clusters: whether they answer, and who we are lets us look", async (t) => {
  const cli = new Cli(t);
  const cluster = await KubernetesDouble.start({ namespaces: ["jobs"], token: "right" });
  t.after(() => cluster.dispose());
  const kubeconfig = cluster.kubeconfig();
  const files = { good: kubeconfig, stranger: kubeconfig.replace('"right"', '"wrong"') };
  for (const [name, content] of Object.entries(files)) writeFileSync(join(cli.home, name), content);
  const namespaces = ["jobs"];
  const config = join(cli.home, "clusters.json");
  const clusters = { good: { kubeconfig: "good", namespaces }, stranger: { kubeconfig: "stranger", namespaces } };
  writeFileSync(config, JSON.stringify({ kubernetes: { clusters } }));
  const args = ["--port", "0", "--config", config, "--data-dir", cli.home];
  const [good, stranger] = (await doctor(cli, args)).of("kubernetes");
  assert.deepEqual(
    [good!.level, good!.says],
    ["ok", "The Kubernetes cluster good (v1.36.0) answers; jobs run in jobs."],
  );
  assert.equal(stranger!.level, "problem");
  assert.match(
    stranger!.says,
    /The Kubernetes cluster stranger at http.* does not answer as it should: .*Unauthorized/,
  );
  await cluster.leave();
  const [away] = (await doctor(cli, args)).of("kubernetes");
  assert.equal(away!.level, "problem");
  assert.match(away!.says, /does not answer as it should: .*ECONNREFUSED/);
  writeFileSync(config, JSON.stringify({ kubernetes: { clusters: { good: { kubeconfig: "none", namespaces } } } }));
  const [unreadable] = (await doctor(cli, args)).of("kubernetes");
  assert.match(unreadable!.says, /How to reach the Kubernetes cluster good cannot be read: ENOENT/);
});
