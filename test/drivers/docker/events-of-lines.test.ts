import assert from "node:assert/strict";
import { appendFileSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import type { TestContext } from "node:test";
import { test } from "node:test";
import { eventStartOf } from "../../../src/drivers/docker/event-start.ts";
import { EventIntake } from "../../../src/drivers/docker/output/intake.ts";
import { LineJoiner } from "../../../src/drivers/docker/output/line-joiner.ts";
import { eventStartFlaw, matchLines } from "../../../src/drivers/docker/output/line-matcher.ts";
import type { LogLine, LogSink } from "../../../src/ports/logs.ts";
import { JOINT } from "../../../src/ports/logs.ts";
import { VirtualClock } from "../../../src/sim/virtual-clock.ts";

function startOf(options: Record<string, string>) {
  return eventStartOf({ logConfiguration: { logDriver: "awslogs", options } });
}

const line = (message: string, timestamp = 0): LogLine => ({ timestamp, message });
const joined = (...lines: string[]): string => lines.join(JOINT);

test("which lines begin an event: a date in a format of strftime, or a pattern in Go's words; the date wins", () => {
  const fits = (options: Record<string, string>, ...lines: string[]) => matchLines(startOf(options)!, lines);
  const dated = { "awslogs-datetime-format": "\\[%b %d, %Y %H:%M:%S\\]" };
  assert.deepEqual(fits(dated, "[May 01, 2017 19:00:01] a", "  at b", "May 01, 2017 19:00:01"), [true, false, false]);
  assert.deepEqual(fits({ "awslogs-datetime-format": "%Y-%m-%dT%H:%M:%S%L%z" }, "x 2026-12-31T23:59:59.123+0100 y"), [
    true,
  ]);
  assert.deepEqual(fits({ ...dated, "awslogs-multiline-pattern": "^INFO" }, "INFO"), [false]);
  const pattern = (text: string, ...lines: string[]) => fits({ "awslogs-multiline-pattern": text }, ...lines);
  assert.deepEqual(pattern("^(INFO|ERROR)", "INFO a", " INFO", "ERROR"), [true, false, true]);
  assert.deepEqual(pattern("(?i)^info (?P<number>[[:digit:]]+)\\z", "INFO 12", "info x", "info 1 "), [
    true,
    false,
    false,
  ]);
  assert.equal(startOf({}), undefined);
  const other = { logDriver: "gelf" as const, options: { "awslogs-multiline-pattern": "^INFO" } };
  assert.equal(eventStartOf({ logConfiguration: other }), undefined);
});

test("a pattern that is none is told as Docker's driver tells it; one that takes for ever is given up", () => {
  const flaw = (text: string) =>
    eventStartFlaw({ logConfiguration: { logDriver: "awslogs", options: { "awslogs-multiline-pattern": text } } });
  assert.match(
    flaw("(") ?? "",
    /^failed to initialize logging driver: awslogs could not parse multiline pattern key "\("/,
  );
  assert.equal(flaw("^INFO"), undefined);
  assert.equal(eventStartFlaw({}), undefined);
  assert.throws(
    () => matchLines(startOf({ "awslogs-multiline-pattern": "^(a+)+$" })!, [`${"a".repeat(64)}!`]),
    /timed out/,
  );
});

test("lines up to the next beginning are one event with its first line's time; it may be as large as CloudWatch Logs takes", () => {
  const joiner = new LineJoiner((lines) => lines.map((text) => text.startsWith("#")));
  assert.deepEqual(joiner.add([line("stray", 1), line("", 2)]), []);
  assert.deepEqual(joiner.add([line("#a", 3), line("b", 4)]), [line(joined("stray", ""), 1)]);
  assert.deepEqual(joiner.add([line(`c${JOINT}d`, 5), line("#e", 6)]), [line(joined("#a", "b", "c\ufffdd"), 3)]);
  assert.deepEqual([joiner.flush(), joiner.flush()], [[line("#e", 6)], []]);
  const long = "x".repeat(100_000);
  const [first, ...rest] = joiner.add(["#", long, long, long].map((text) => line(text)));
  assert.deepEqual([first!.message.length, rest], [200_003, []]);
  assert.equal(joiner.flush()[0]!.message.length, 100_000);
});

function newLog(t: TestContext) {
  const directory = mkdtempSync(path.join(tmpdir(), "longshore-intake-"));
  t.after(() => rmSync(directory, { recursive: true }));
  const file = path.join(directory, "a.log");
  const append = (_: string, lines: readonly LogLine[]) =>
    appendFileSync(file, lines.map(({ message }) => `${message}\n`).join(""));
  const logs: LogSink = { path: () => file, follow: () => {}, unfollow: () => {}, append };
  return { logs, text: () => readFileSync(file, "utf8") };
}

test("what is held is written after five seconds, or comes again: no line is lost and none is there twice", async (t) => {
  const { logs, text } = newLog(t);
  const clock = new VirtualClock();
  const notices: string[] = [];
  const start = startOf({ "awslogs-multiline-pattern": "^#" })!;
  const open = () =>
    new EventIntake("a", { logs, directory: undefined }, start, clock, (notice) => notices.push(notice));
  const output = ["#a", "b", "#c", "d", "e"].map((message) => line(message));
  const first = open();
  assert.equal((await first.resume()).linesAhead, 0);
  first.take(output.slice(0, 4));
  assert.equal(text(), `${joined("#a", "b")}\n`);
  first.release();
  clock.advance(60_000);
  assert.equal(text(), `${joined("#a", "b")}\n`, "it was let go of");

  const second = open();
  const { linesAhead } = await second.resume();
  assert.equal(linesAhead, 2);
  second.take(output.slice(linesAhead, 4));
  clock.advance(5_000);
  assert.equal(text(), `${joined("#a", "b")}\n${joined("#c", "d")}\n`);
  second.take(output.slice(4));
  second.end([line("f")]);
  assert.equal(text(), `${joined("#a", "b")}\n${joined("#c", "d")}\n${joined("e", "f")}\n`);
  assert.equal((await open().resume()).linesAhead, 6);
  assert.deepEqual(notices, []);
});

test("after a line on which the pattern takes for ever, each line is an event", async (t) => {
  const { logs, text } = newLog(t);
  const notices: string[] = [];
  const start = startOf({ "awslogs-multiline-pattern": "^(a+)+$" })!;
  const intake = new EventIntake("a", { logs, directory: undefined }, start, new VirtualClock(), (one) =>
    notices.push(one),
  );
  await intake.resume();
  const evil = `${"a".repeat(64)}!`;
  intake.take([line(evil), line("b")]);
  intake.end([line("c")]);
  assert.equal(text(), `${evil}\nb\nc\n`);
  assert.match(notices.join(), /^The lines of attempt a are not joined any more: .*timed out/);
});
