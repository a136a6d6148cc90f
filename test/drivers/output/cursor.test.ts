import assert from "node:assert/strict";
import { appendFileSync, existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { test } from "node:test";
import { Cursor, prepareNotes, removeNote } from "../../../src/drivers/output/cursor.ts";
import type { OutputPosition } from "../../../src/drivers/docker/output/output.ts";
import type { LogLine, LogSink } from "../../../src/ports/logs.ts";
import { JOINT } from "../../../src/ports/logs.ts";

const KILOBYTE_LINE: LogLine = { timestamp: 0, message: "x".repeat(1023) };
/** More than a cursor lets pass without a note. */
const MANY = 100;

/** A sink that writes when it is told to, as one that gathers lines does. */
function withSink(use: (sink: LogSink & { write(): void }, directory: string) => Promise<void>) {
  const directory = mkdtempSync(path.join(tmpdir(), "longshore-cursor-"));
  const held: string[] = [];
  const file = path.join(directory, "a.log");
  const write = () => appendFileSync(file, held.splice(0).join(""));
  const sink = {
    path: () => file,
    follow: () => {},
    unfollow: write,
    append: (_: string, lines: readonly LogLine[]) => void held.push(...lines.map(({ message }) => `${message}\n`)),
    write,
  };
  return use(sink, directory).finally(() => rmSync(directory, { recursive: true }));
}

function position(count: number): OutputPosition {
  return { stdout: { timestamp: "2026-05-01T10:00:00.000000000Z", count } };
}

test("a note is taken only of what the log holds; later lines are counted", async () => {
  await withSink(async (sink, directory) => {
    const place = { logs: sink, directory: path.join(directory, "notes") };
    prepareNotes(place);
    const cursor = new Cursor<OutputPosition>("a", place);
    assert.deepEqual(await cursor.load(), { position: {}, linesAhead: 0 });
    cursor.append(Array<LogLine>(MANY).fill(KILOBYTE_LINE), position(MANY));
    cursor.append([KILOBYTE_LINE], position(MANY + 1));
    const note = path.join(directory, "notes", "a.json");
    assert.equal(existsSync(note), false);
    sink.write();
    cursor.append([KILOBYTE_LINE, KILOBYTE_LINE], position(MANY + 3));
    assert.equal(existsSync(note), true);
    // Written before the crash, and held in memory at the crash.
    sink.write();
    cursor.append([KILOBYTE_LINE], position(MANY + 4));
    const lost = { ...sink, unfollow: () => {} };
    const next = new Cursor<OutputPosition>("a", { ...place, logs: lost });
    assert.deepEqual(await next.load(), { position: position(MANY + 1), linesAhead: 2 });
    writeFileSync(note, "");
    assert.deepEqual(await new Cursor<OutputPosition>("a", { ...place, logs: lost }).load(), {
      position: {},
      linesAhead: MANY + 3,
    });
    removeNote(place, "a");
    assert.equal(existsSync(note), false);
  });
});

test("without a directory the log alone tells, and what the sink holds is written first", async () => {
  await withSink(async (sink) => {
    const place = { logs: sink, directory: undefined };
    prepareNotes(place);
    const cursor = new Cursor<OutputPosition>("a", place);
    await cursor.load();
    cursor.append([KILOBYTE_LINE, KILOBYTE_LINE], position(2));
    assert.deepEqual(await new Cursor<OutputPosition>("a", place).load(), { position: {}, linesAhead: 2 });
    removeNote(place, "a");
  });
});

test("where lines are joined, joints are line ends too, wherever the file is cut while it is read", async () => {
  for (const length of [65_532, 65_533, 65_534, 65_535, 65_536]) {
    await withSink(async (sink) => {
      const place = { logs: sink, directory: undefined };
      const message = `${"x".repeat(length)}${JOINT}y${JOINT}${JOINT}z`;
      new Cursor<OutputPosition>("a", place, "joined").append([{ timestamp: 0, message }, KILOBYTE_LINE], {});
      assert.equal((await new Cursor<OutputPosition>("a", place, "joined").load()).linesAhead, 5);
      assert.equal((await new Cursor<OutputPosition>("a", place).load()).linesAhead, 2);
    });
  }
});
