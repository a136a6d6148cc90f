import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { IncomingHttpHeaders, ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import path from "node:path";
import { test } from "node:test";
import Dockerode from "dockerode";
import { AttemptFailure } from "../../../src/drivers/docker/failure.ts";
import type { PullProgress } from "../../../src/drivers/docker/images/pull-progress.ts";
import { ImagePuller, isTransient } from "../../../src/drivers/docker/images/pull.ts";
import type { Clock } from "../../../src/ports/clock.ts";
import { until } from "../../support/until.ts";

/** An engine that knows one request, the pull; each test says how it answers the first, the second and so on. */
interface PullServer {
  readonly docker: Dockerode;
  readonly pulls: { readonly query: string; readonly headers: IncomingHttpHeaders; readonly answer: ServerResponse }[];
  /** Resolves with the answer to give to the n-th pull, once it is asked for. */
  pull(index: number): Promise<ServerResponse>;
}

async function withPullServer(use: (server: PullServer) => Promise<void>): Promise<void> {
  const directory = mkdtempSync(path.join(tmpdir(), "longshore-pull-"));
  const pulls: { query: string; headers: IncomingHttpHeaders; answer: ServerResponse }[] = [];
  const server = createServer((request, answer) => {
    pulls.push({ query: request.url ?? "", headers: request.headers, answer });
    server.emit("pull");
  });
  const socketPath = path.join(directory, "engine.sock");
  server.listen(socketPath);
  await once(server, "listening");
  try {
    await use({
      docker: new Dockerode({ socketPath }),
      pulls,
      async pull(index) {
        while (pulls.length <= index) await once(server, "pull");
        const pull = pulls[index];
        assert.ok(pull);
        return pull.answer;
      },
    });
  } finally {
    server.closeAllConnections();
    server.close();
    rmSync(directory, { recursive: true });
  }
}

/** A clock on which every delay is over at once; it notes how long they would have been. */
function hastyClock(): Clock & { readonly delaysMs: number[] } {
  const delaysMs: number[] = [];
  return {
    delaysMs,
    now: () => 0,
    after(delayMs, task) {
      delaysMs.push(delayMs);
      queueMicrotask(task);
      return () => {};
    },
  };
}

function authOf(headers: IncomingHttpHeaders): unknown {
  return JSON.parse(Buffer.from(String(headers["x-registry-auth"]), "base64url").toString("utf8"));
}

const NEVER = new AbortController().signal;

function succeed(answer: ServerResponse): void {
  answer.writeHead(200);
  answer.write('{"status":"Pulling from a/b"}\r\n{"status":"Download');
  answer.end(' complete"}\r\n');
}

function failInProgress(answer: ServerResponse, message: string): void {
  answer.writeHead(200);
  answer.end(`{"status":"Pulling"}\r\n${JSON.stringify({ errorDetail: { message }, error: message })}\r\n`);
}

function refuse(answer: ServerResponse, status: number, message: string): void {
  answer.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify({ message }));
}

test("attempts that wait for the same image share one pull, and the next asks anew", async () => {
  await withPullServer(async ({ docker, pulls, pull }) => {
    const puller = new ImagePuller(hastyClock());
    const waiting = [1, 2, 3].map(() => puller.pull(docker, { image: "a/b:1" }, NEVER));
    const other = puller.pull(docker, { image: "a/c" }, NEVER);
    succeed(await pull(0));
    succeed(await pull(1));
    await Promise.all([...waiting, other]);
    assert.equal(pulls.length, 2);
    assert.match(pulls.map(({ query }) => query).join(), /fromImage=a%2Fb&tag=1.*fromImage=a%2Fc&tag=latest/);
    const again = puller.pull(docker, { image: "a/b:1" }, NEVER);
    succeed(await pull(2));
    await again;
  });
});

test("a refusal is final and told in the engine's words", async () => {
  await withPullServer(async ({ docker, pull, pulls }) => {
    const puller = new ImagePuller(hastyClock());
    const pulled = puller.pull(docker, { image: "a/b:1" }, NEVER);
    const message = "pull access denied for a/b, repository does not exist or may require 'docker login'";
    refuse(await pull(0), 404, message);
    await assert.rejects(pulled, new AttemptFailure("CannotPullContainerError", message));
    assert.equal(pulls.length, 1);
  });
});

test("hiccups are tried again, with growing pauses, and then told", async () => {
  await withPullServer(async ({ docker, pull, pulls }) => {
    const clock = hastyClock();
    const pulled = new ImagePuller(clock).pull(docker, { image: "a/b:1" }, NEVER);
    refuse(await pull(0), 500, "net/http: TLS handshake timeout");
    failInProgress(await pull(1), "unexpected EOF");
    for (const tries of [2, 3]) refuse(await pull(tries), 503, "service unavailable");
    failInProgress(await pull(4), "toomanyrequests: You have reached your pull rate limit");
    await assert.rejects(
      pulled,
      /^AttemptFailure: CannotPullContainerError: a\/b:1: toomanyrequests: You have reached/,
    );
    assert.equal(pulls.length, 5);
    assert.deepEqual(clock.delaysMs, [1_000, 2_000, 4_000, 8_000]);
  });
});

test("a login and a platform go with the request; who has another login has a pull of its own", async () => {
  await withPullServer(async ({ docker, pulls, pull }) => {
    const puller = new ImagePuller(hastyClock());
    const login = { username: "ann", password: "p" };
    const wanted = { image: "example.org/b:1", platform: "linux/arm64", login };
    const pulled = [wanted, wanted, { image: "example.org/b:1" }].map((one) => puller.pull(docker, one, NEVER));
    succeed(await pull(0));
    succeed(await pull(1));
    await Promise.all(pulled);
    assert.equal(pulls.length, 2);
    const [first, second] = pulls;
    assert.match(first!.query, /platform=linux%2Farm64/);
    assert.deepEqual(authOf(first!.headers), { ...login, serveraddress: "example.org" });
    assert.equal(second!.headers["x-registry-auth"], undefined);
  });
});

test("how far it is: layers that are there, and the share of the bytes that are known of", async () => {
  await withPullServer(async ({ docker, pull }) => {
    const clock = hastyClock();
    const asked: PullProgress[] = [];
    const pulled = new ImagePuller(clock).pull(docker, { image: "a/b:1" }, NEVER, (progress) => asked.push(progress));
    const [progress] = asked;
    assert.equal(progress!.text, "pulling image a/b:1");
    const answer = await pull(0);
    answer.writeHead(200);
    const layer = (id: string, status: string, current?: number, total?: number) =>
      answer.write(`${JSON.stringify({ status, id, progressDetail: { current, total } })}\r\n`);
    answer.write('{"status":"Pulling from a/b","id":"1"}\r\n');
    layer("one", "Already exists");
    for (const id of ["two", "three"]) layer(id, "Pulling fs layer");
    layer("two", "Downloading", 50, 100);
    layer("three", "Downloading", 100, 300);
    await until("it is read", () => progress!.text === "pulling image a/b:1: 1 of 3 layers, 37 %");
    layer("two", "Extracting", 10, 100);
    await until("it is read", () => progress!.text === "pulling image a/b:1: 1 of 3 layers, 50 %");
    layer("two", "Pull complete");
    await until("it is read", () => progress!.text === "pulling image a/b:1: 2 of 3 layers, 50 %");
    answer.end();
    await pulled;
  });
});

test("while it waits for the next try, it says why the last one failed", async () => {
  await withPullServer(async ({ docker, pull }) => {
    const asked: PullProgress[] = [];
    const clock = { now: () => 0, after: () => () => {} };
    const giveUp = new AbortController();
    const pulled = new ImagePuller(clock).pull(docker, { image: "a/b" }, giveUp.signal, (one) => asked.push(one));
    refuse(await pull(0), 503, "service unavailable");
    await until("it says so", () => asked[0]!.text === "pulling image a/b: service unavailable; next try after 1 s");
    giveUp.abort();
    await assert.rejects(pulled, { name: "AbortError" });
  });
});

test("a hiccup and then success is success", async () => {
  await withPullServer(async ({ docker, pull }) => {
    const pulled = new ImagePuller(hastyClock()).pull(docker, { image: "a/b:1" }, NEVER);
    refuse(await pull(0), 503, "service unavailable");
    succeed(await pull(1));
    await pulled;
  });
});

test("one who gives up leaves the others their pull; the last one ends it", async () => {
  await withPullServer(async ({ docker, pull }) => {
    const puller = new ImagePuller(hastyClock());
    const [first, second] = [new AbortController(), new AbortController()];
    const pulledFirst = puller.pull(docker, { image: "a/b:1" }, first.signal);
    const pulledSecond = puller.pull(docker, { image: "a/b:1" }, second.signal);
    const answer = await pull(0);
    answer.writeHead(200);
    answer.write('{"status":"Pulling"}\r\n');
    first.abort();
    await assert.rejects(pulledFirst, { name: "AbortError" });
    assert.equal(answer.destroyed, false);
    const ended = once(answer, "close");
    second.abort();
    await assert.rejects(pulledSecond, { name: "AbortError" });
    await ended;
  });
});

test("an engine that goes away is no refusal by the registry", async () => {
  await withPullServer(async ({ docker, pull }) => {
    const pulled = new ImagePuller(hastyClock()).pull(docker, { image: "a/b:1" }, NEVER);
    const answer = await pull(0);
    answer.writeHead(200);
    answer.write('{"status":"Pulling"}\r\n');
    answer.destroy();
    await assert.rejects(pulled, { code: "ECONNRESET" });
  });
});

test("what is worth another try", () => {
  const registry = 'Get "https://registry.example/v2/": ';
  for (const said of ["dial tcp: i/o timeout", "read: connection reset by peer", "unexpected EOF", "502 Bad Gateway"]) {
    assert.equal(isTransient(new Error(registry + said)), true, said);
  }
  for (const said of ["no such host", "connection refused", "unauthorized", "manifest for a:b not found"]) {
    assert.equal(isTransient(new Error(registry + said)), false, said);
  }
});
