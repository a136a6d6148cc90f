import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { after, test } from "node:test";
import { makeCertificates } from "../support/certificates.ts";
import { logsClient } from "../support/clients.ts";
import { ended, logLines, untilStatus } from "../support/jobs.ts";
import { ownDockerd, ownDockerdUnavailable } from "../support/own-dockerd.ts";
import { freePort, ownSshd, ownSshdUnavailable } from "../support/own-sshd.ts";
import { until } from "../support/until.ts";
import { hostBench, untilGo, untilGone } from "./host-bench.ts";

const unavailable = ownDockerdUnavailable() ?? ownSshdUnavailable();

if (unavailable !== undefined) test("hosts on other machines", { skip: unavailable }, () => {});
else await remoteTests();

/** This machine as though it were another one. */
async function remoteTests(): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), "longshore-remote-"));
  const { server, client } = makeCertificates(directory);
  const port = await freePort();
  const tls = ["--tlsverify", "--tlscacert", server.ca, "--tlscert", server.cert, "--tlskey", server.key];
  const [engine, sshd] = await Promise.all([
    ownDockerd({ after }, { isBridged: true, flags: ["-H", `tcp://127.0.0.1:${port}`, ...tls] }),
    ownSshd({ after }, directory),
  ]);
  // After the engine, which needs its certificates to the end.
  after(() => rmSync(directory, { recursive: true, force: true }));
  process.env["PATH"] = `${sshd.path}${delimiter}${process.env["PATH"]}`;
  const bench = await hostBench({ after }, engine.image, { more: ["--host-loss", "60"] });
  const add = (url: string, ...more: readonly string[]) =>
    bench.cli("hosts", "add", "far", url, "--environment", "machines", ...more);

  const runsJob = async (): Promise<void> => {
    const job = await bench.submit('echo "batch: $AWS_ENDPOINT_URL_BATCH"; exit 3');
    const { container } = await ended(bench.batch, job);
    assert.equal(container!.exitCode, 3);
    const lines = await logLines(logsClient({ after }, bench.server.url), container!.logStreamName!, 1);
    assert.deepEqual(lines, ["batch: "], "the server listens for its own machine only");
    await untilGone("its container is gone", engine.docker);
  };

  test("by TCP with certificates of both sides, and not without", async () => {
    const url = `tcp://127.0.0.1:${port}`;
    const files = ["--tls-ca", client.ca, "--tls-cert", client.cert, "--tls-key", client.key];
    const stranger = await add(url, "--tls-ca", client.ca, "--tls-cert", server.cert, "--tls-key", server.key);
    assert.match(stranger.stderr, /cannot be used: /);
    const added = await add(url, ...files);
    assert.equal(added.code, 0, added.stderr);
    await runsJob();
    assert.equal((await bench.cli("hosts", "remove", "far")).code, 0);
  });

  test("by ssh, with the user's own configuration; again when the connection broke; nothing of it stays", async () => {
    const unknown = await add(`ssh://nobody-knows.invalid${engine.socketPath}`);
    assert.match(unknown.stderr, /cannot be used: ssh ended: /);
    const noEngine = await add(`ssh://${sshd.name}/nobody/listens.sock`);
    assert.match(noEngine.stderr, /cannot be used: .*\(.*open failed/);
    const added = await add(`ssh://${sshd.name}${engine.socketPath}`);
    assert.equal(added.code, 0, added.stderr);
    await runsJob();
    const job = await bench.submit(`${untilGo("broken")}; exit 8`);
    await untilStatus(bench.batch, job, "RUNNING");
    await sshd.stop();
    await until("the host is out of sight", async () => (await bench.host("far")).sight === "out-of-sight");
    await sshd.start();
    await until("the host is in sight", async () => (await bench.host("far")).sight === "in-sight");
    bench.go("broken");
    const { attempts, container } = await ended(bench.batch, job);
    assert.deepEqual([attempts!.length, container!.exitCode], [1, 8]);
    assert.equal(tunnels(bench.server.dataDir).length, 1);
    await bench.server.kill();
    await until("ssh ends with the server", () => tunnels(bench.server.dataDir).length === 0);
    await bench.server.start();
    await until("the host is in sight", async () => (await bench.host("far")).sight === "in-sight");
    await bench.server.stop();
    assert.deepEqual([tunnels(bench.server.dataDir), readdirSync(join(bench.server.dataDir, "ssh"))], [[], []]);
  });
}

/** Process ids of ssh that leads to a socket in this directory. */
function tunnels(dataDir: string): string[] {
  const processes = execFileSync("ps", ["-eo", "pid,args"], { encoding: "utf8" }).split("\n");
  return processes.filter(
    (line) => /\bssh -F /.test(line) && line.includes(join(dataDir, "ssh")) && !line.includes("sh -c"),
  );
}
