import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { stripVTControlCharacters } from "node:util";
import { SubmitJobCommand } from "@aws-sdk/client-batch";
import type { TopSnapshot } from "../../src/cli/top/snapshot.ts";
import { bar } from "../../src/cli/top/view.ts";
import { batchClient } from "../support/clients.ts";
import { until } from "../support/until.ts";
import { Cli, LAUNCHER, type Started } from "./longshore.ts";

const cli = new Cli({ after });
let server: Started;
/** Ids of jobs. */
const busy: string[] = [];

before(async () => {
  server = await cli.up("--vcpus", "2");
  const script = "while :; do :; done & sleep 300";
  for (const name of ["one", "two", "three"]) busy.push(await cli.submitted(name, "--", "sh", "-c", script));
});
after(async () => {
  server.process.kill("SIGTERM");
  await server.ended;
});

/** `longshore` in a terminal: what it shows now, as one text, since the last time that it drew all. */
function terminal(...args: string[]) {
  const python = join(import.meta.dirname, "in-terminal.py");
  const env = { ...process.env, HOME: cli.home, LONGSHORE_DATA_DIR: cli.dataDir, TERM: "xterm" };
  const child = spawn("python3", [python, LAUNCHER, ...args], { stdio: ["pipe", "pipe", "inherit"], env });
  let all = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (all += text));
  const shown = (): string => stripVTControlCharacters(all.slice(all.lastIndexOf("\u001b[H")));
  return {
    child,
    all: () => all,
    shows: (what: RegExp) => until(`the terminal shows ${what}, not ${shown()}`, () => what.test(shown()) && shown()),
    type: (keys: string) => void child.stdin.write(keys),
    ended: once(child, "close").then(([code]) => code as number),
  };
}

/** What was there before is there again. */
function assertRestored(all: string): void {
  for (const [on, off] of [
    ["\u001b[?1049h", "\u001b[?1049l"],
    ["\u001b[?25l", "\u001b[?25h"],
  ] as const)
    assert.ok(all.includes(on) && all.lastIndexOf(off) > all.lastIndexOf(on), JSON.stringify(all.slice(-200)));
}

test("once, as text and as JSON; without a terminal it says what to do", async () => {
  const json = await until("both are measured", async () => {
    const found = JSON.parse(await cli.ok("top", "--json")) as TopSnapshot;
    return found.jobs.length === 2 && found.jobs.every(({ vcpusUsed }) => vcpusUsed !== undefined) && found;
  });
  assert.deepEqual(
    json.jobs.map(({ vcpus, memoryMiB, queue, status }) => [vcpus, memoryMiB, queue, status]),
    [
      [1, 64, "default", "RUNNING"],
      [1, 64, "default", "RUNNING"],
    ],
  );
  assert.deepEqual(json.environments, [
    { name: "default", state: "ENABLED", vcpusInUse: 2, maxVcpus: json.environments[0]!.maxVcpus! },
  ]);
  const [queue] = json.queues;
  assert.deepEqual([queue!.waiting, queue!.running, queue!.first!.jobName], [1, 2, "three"]);
  const text = await cli.ok("top", "--once", "--sort", "name");
  assert.match(text, /1 RUNNABLE {2}2 RUNNING/);
  assert.match(text, /default +\[#* *\] 2 of \d+ vCPUs/);
  assert.match(text, /three: Waiting for capacity/);
  assert.ok(text.indexOf("\none ") < text.indexOf("\ntwo "));
  assert.equal((await cli.ok("top", "--queue", "nothing", "--quiet")).trim(), "");
  const { code, stderr } = await cli.run("top");
  assert.equal(code, 2);
  assert.match(stderr, /needs a terminal\.\n.*--once/);
});

test("live: keys, another size, a question before anything ends, and the terminal is as it was", async () => {
  const { child, all, shows, type, ended } = terminal("top", "--sort", "name");
  await shows(/three: Waiting for capacity.*JOB +ID.*one.*two.*by name/s);
  type("s");
  await shows(/by cpu/);
  type("/nope");
  await shows(/Queues with: nope_/);
  type("\r");
  await shows(/No job runs\..*queues with "nope"/s);
  type("/\u001b");
  await shows(/\bone\b.*\btwo\b/s);
  type("\u001b[B\r");
  await shows(new RegExp(`(${busy[0]}|${busy[1]}) is RUNNING\\.`));
  type("\u001b");
  await shows(/q quit/);
  type("k");
  await shows(/Terminate (one|two) \(.*\)\? y\/n/);
  type("n");
  await shows(/q quit/);
  child.kill("SIGUSR1");
  await until("it fits", () => {
    const lines = stripVTControlCharacters(all().slice(all().lastIndexOf("\u001b[H"))).split(/\r*\n/);
    return lines.length === 20 && lines.every((line) => line.length <= 60);
  });
  type("k");
  await shows(/\? y\/n|Terminate/);
  type("y");
  await shows(/\bthree\b/);
  await until("the third runs", async () => {
    const { jobs } = JSON.parse(await cli.ok("top", "--json")) as TopSnapshot;
    return jobs.some(({ jobName, status }) => jobName === "three" && status === "RUNNING");
  });
  type("q");
  assert.equal(await ended, 0);
  assertRestored(all());
});

test("what happens is shown when it happens, not when it is time to look again", async () => {
  const { url } = JSON.parse(server.stdout.split("\n")[0]!) as { url: string };
  const batch = batchClient({ after }, url);
  const { shows, type, ended } = terminal("top");
  await shows(/JOB +ID/);
  const begun = performance.now();
  for (const count of [1, 2, 3, 4, 5]) {
    const containerOverrides = { resourceRequirements: [{ type: "VCPU" as const, value: "2" }] };
    await batch.send(
      new SubmitJobCommand({ jobName: "w", jobQueue: "default", jobDefinition: "default", containerOverrides }),
    );
    await shows(new RegExp(`\\b${count} RUNNABLE`));
  }
  // Five looks by the clock take twenty seconds at least.
  assert.ok(performance.now() - begun < 15_000);
  type("q");
  assert.equal(await ended, 0);
});

test("a signal ends it well; so does a server that is gone", async () => {
  const { child, all, shows, ended } = terminal("top");
  await shows(/JOB +ID/);
  child.kill("SIGTERM");
  assert.equal(await ended, 0);
  assertRestored(all());
  const nowhere = terminal("top", "--endpoint", "http://127.0.0.1:1");
  await nowhere.shows(/No news: No server answers/);
  nowhere.type("\u0003");
  assert.equal(await nowhere.ended, 0);
  assertRestored(nowhere.all());
});

test("bars", () => {
  assert.deepEqual([bar(0, 4), bar(0.5, 4), bar(7, 4)], ["[    ]", "[##  ]", "[####]"]);
});
