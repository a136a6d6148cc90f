import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  appendFileSync,
  closeSync,
  existsSync,
  openSync,
  readFileSync,
  readdirSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { lastMark } from "../../src/logs/mark-writer.ts";
import type { LogReader } from "../../src/ports/logs.ts";
import type { LogPosition } from "../../src/ports/logs.ts";
import { attemptId, eventually, freshLogs, head, readAll } from "./support.ts";

const ID = attemptId(3);

/** A program that writes each text when it gets a line on its input. */
function programWriting(path: string, ...texts: string[]): { next: () => void; end: () => Promise<void> } {
  const output = openSync(path, "a");
  const script = texts.map((text) => `read go; printf '${text}'`).join("; ");
  const child = spawn("sh", ["-c", script], { stdio: ["pipe", output, "inherit"] });
  closeSync(output);
  const exit = once(child, "exit");
  return {
    next: () => child.stdin?.write("go\n"),
    end: async () => {
      child.stdin?.end();
      await exit;
    },
  };
}

async function times(logs: LogReader, id: string): Promise<number[]> {
  return (await readAll(logs, id, "forward", 10_000)).map((event) => event.timestamp);
}

test("lines get the time at which they arrive, kept over a restart; the last line waits for its end", async (t) => {
  const { logs, reopen } = freshLogs(t);
  logs.follow(ID);
  // The first line may have the time at which its file was made.
  const began = Date.now();
  const program = programWriting(logs.path(ID), "one\\n", "two\\nthr", "ee\\nfour");
  program.next();
  await eventually("one", async () => (await head(logs, ID)).length === 1);
  await eventually("time passes", () => Date.now() > began + 120);
  const second = Date.now();
  program.next();
  await eventually("two", async () => (await head(logs, ID)).length === 2);
  const before = await times(logs, ID);
  assert.ok((before[0] ?? 0) >= began - 20 && (before[0] ?? 0) < second - 50, `${before.join()} ${began} ${second}`);
  assert.ok((before[1] ?? 0) >= second - 20);

  const again = reopen();
  again.follow(ID);
  assert.deepEqual(await times(again, ID), before);
  program.next();
  await program.end();
  assert.deepEqual(await head(again, ID), ["one", "two", "three"]);
  again.unfollow(ID);
  assert.deepEqual(await head(again, ID), ["one", "two", "three", "four"]);
  const after = await times(again, ID);
  assert.deepEqual(after.slice(0, 2), before);
  assert.deepEqual(
    after,
    after.toSorted((a, b) => a - b),
  );
  assert.deepEqual(await times(reopen(), ID), after);
});

test("growth is noted by event: no read is needed, and marks are few", async (t) => {
  const { logs } = freshLogs(t);
  const path = logs.path(ID);
  const sidecar = path.replace(/log$/, "at");
  writeFileSync(path, "");
  logs.follow(ID);
  const began = Date.now();
  await eventually("200 ms of writing", () => {
    for (let n = 0; n < 20; n += 1) appendFileSync(path, "tick\n");
    return Date.now() > began + 200;
  });
  await eventually("all noted", () => lastMark(sidecar)?.end === statSync(path).size);
  const marks = statSync(sidecar).size / 12;
  assert.ok(marks >= 2 && marks <= (Date.now() - began) / 50 + 2, `${marks} marks`);
  logs.unfollow(ID);
  const given = await times(logs, ID);
  assert.equal(given.length, statSync(path).size / 5);
  assert.ok(new Set(given).size >= 2 && given.every((time) => time >= began - 20 && time <= Date.now()));
});

test("programs that write byte by byte cost little, and their output is still noted on the way", async (t) => {
  const { logs } = freshLogs(t);
  const ids = [1, 2, 3].map(attemptId);
  const began = Date.now();
  const cpuBefore = process.cpuUsage();
  const exits = ids.map((id) => {
    const output = openSync(logs.path(id), "a");
    logs.follow(id);
    const child = spawn("dd", ["if=/dev/zero", "bs=1", "count=200000"], { stdio: ["ignore", output, "ignore"] });
    closeSync(output);
    return once(child, "exit");
  });
  await Promise.all(exits);
  const tookMs = Date.now() - began;
  const cpu = process.cpuUsage(cpuBefore);
  const cpuShare = (cpu.user + cpu.system) / 1_000 / tookMs;
  assert.ok(cpuShare < 0.2, `${cpuShare} of a CPU`);
  for (const id of ids) {
    const marks = statSync(logs.path(id).replace(/log$/, "at")).size / 12;
    assert.ok(marks >= tookMs / 50 / 5 && marks <= tookMs / 50 + 2, `${marks} marks in ${tookMs} ms`);
  }
});

test("a short job leaves no sidecar", async (t) => {
  const { logs, directory } = freshLogs(t);
  for (let n = 0; n < 500; n += 1) {
    const id = attemptId(n);
    logs.follow(id);
    writeFileSync(logs.path(id), "hello\n");
    logs.unfollow(id);
  }
  const files = readdirSync(join(directory, "00"));
  assert.equal(files.filter((name) => name.endsWith(".log")).length, 500);
  // On a machine that stalls, some files are written long after they were made, and rightly have a mark.
  assert.ok(files.length < 550, `${files.length - 500} sidecars`);
  const [time] = await times(logs, attemptId(1));
  assert.ok(Math.abs((time ?? 0) - Date.now()) < 5_000);
});

test(
  "one watcher for a directory while attempts in it are followed",
  { skip: !existsSync("/proc/self/fdinfo") },
  (t) => {
    const { logs } = freshLogs(t);
    const before = watches();
    for (let n = 0; n < 300; n += 1) logs.follow(attemptId(n));
    assert.equal(watches(), before + 1);
    logs.follow("ff".padEnd(32, "0"));
    assert.equal(watches(), before + 2);
    for (let n = 0; n < 300; n += 1) logs.unfollow(attemptId(n));
    assert.equal(watches(), before + 1);
    logs.close();
    assert.equal(watches(), before);
  },
);

/** How many directories and files this process watches (Linux). */
function watches(): number {
  let count = 0;
  for (const name of readdirSync("/proc/self/fdinfo")) {
    const path = `/proc/self/fdinfo/${name}`;
    if (existsSync(path)) count += readFileSync(path, "utf8").split("inotify wd:").length - 1;
  }
  return count;
}

test("reads by time", async (t) => {
  const { logs } = freshLogs(t);
  const lines = Array.from({ length: 5_000 }, (_, n) => ({ timestamp: 1_000_000 + n * 10, message: `m${n}` }));
  logs.append(ID, lines);
  const range = { startTime: 1_000_100, endTime: 1_000_200 };
  for (const direction of ["forward", "backward"] as const) {
    const page = await logs.read(ID, {
      position: direction === "forward" ? "head" : "tail",
      direction,
      limit: 100,
      ...range,
    });
    assert.deepEqual(
      page.events.map((event) => event.message),
      lines.slice(10, 20).map((line) => line.message),
    );
  }
  const none = await logs.read(ID, { position: "head", direction: "forward", limit: 9, startTime: 9_000_000 });
  assert.deepEqual(none.events, []);
  const [last] = (await logs.read(ID, { position: "tail", direction: "backward", limit: 1 })).events;
  assert.equal(last?.timestamp, 1_049_990);
  assert.equal(await logs.changedAt(ID), Math.ceil(statSync(logs.path(ID)).mtimeMs));
});

test("appended lines keep their times and order, are read at once, and survive a restart", async (t) => {
  const { logs, reopen } = freshLogs(t);
  logs.follow(ID);
  logs.append(ID, [
    { timestamp: 5_000, message: "a" },
    { timestamp: 5_001.7, message: "b\nc" },
  ]);
  logs.append(ID, [{ timestamp: 4_000, message: "late" }]);
  assert.deepEqual(await head(logs, ID), ["a", "b", "c", "late"]);
  assert.deepEqual(await times(logs, ID), [5_000, 5_001, 5_001, 5_001]);
  logs.append(ID, [{ timestamp: 6_000, message: "d" }]);
  const again = reopen();
  assert.deepEqual(await head(again, ID), ["a", "b", "c", "late", "d"]);
  assert.deepEqual(await times(again, ID), [5_000, 5_001, 5_001, 5_001, 6_000]);
});

test("torn marks, lost bytes and a log emptied by its program do not stop reading", async (t) => {
  const { logs, reopen } = freshLogs(t);
  logs.append(ID, [
    { timestamp: 5_000, message: "a" },
    { timestamp: 6_000, message: "b" },
  ]);
  logs.close();
  const sidecar = logs.path(ID).replace(/log$/, "at");
  appendFileSync(sidecar, Buffer.alloc(17));
  const again = reopen();
  assert.deepEqual(await times(again, ID), [5_000, 6_000]);
  again.append(ID, [{ timestamp: 7_000, message: "c" }]);
  assert.deepEqual(await times(again, ID), [5_000, 6_000, 7_000]);
  assert.equal(statSync(sidecar).size, 36);

  truncateSync(again.path(ID), 2);
  again.append(ID, [{ timestamp: 8_000, message: "d" }]);
  assert.deepEqual(await head(again, ID), ["a", "d"]);
  assert.deepEqual(await times(again, ID), [5_000, 8_000]);

  again.follow(ID);
  truncateSync(again.path(ID), 0);
  appendFileSync(again.path(ID), "e\n");
  assert.deepEqual(await head(again, ID), ["e"]);
});

test("unknown logs are empty, ids are checked, unfollow of an unknown attempt does nothing", async (t) => {
  const { logs } = freshLogs(t);
  logs.unfollow(ID);
  assert.deepEqual(await logs.read(ID, { position: 12n, direction: "forward", limit: 5 }), {
    events: [],
    forwardPosition: 12n,
    backwardPosition: 12n,
  });
  assert.equal(await logs.changedAt(ID), undefined);
  logs.remove(ID);
  assert.throws(() => logs.path("../../etc/passwd"), TypeError);
  assert.equal(existsSync(logs.path(ID)), false);
});

test("a log grows while it is paged: nothing twice, nothing lost, the end keeps its position", async (t) => {
  const { logs } = freshLogs(t);
  logs.follow(ID);
  const seen: string[] = [];
  let position: LogPosition | "head" = "head";
  for (let round = 0; round < 50; round += 1) {
    appendFileSync(logs.path(ID), `${round}a\n${round}`);
    const page = await logs.read(ID, { position, direction: "forward", limit: 3 });
    seen.push(...page.events.map((event) => event.message));
    position = page.forwardPosition;
    appendFileSync(logs.path(ID), "b\n");
  }
  logs.unfollow(ID);
  const rest = await logs.read(ID, { position, direction: "forward", limit: 1_000 });
  seen.push(...rest.events.map((event) => event.message));
  assert.deepEqual(seen, Array.from({ length: 50 }, (_, n) => [`${n}a`, `${n}b`]).flat());
  const end = await logs.read(ID, { position: rest.forwardPosition, direction: "forward", limit: 10 });
  assert.deepEqual(end, { events: [], forwardPosition: rest.forwardPosition, backwardPosition: rest.forwardPosition });
});
