import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import {
  FrameReader,
  LineReader,
  LONGEST_MESSAGE_BYTES,
  secondBefore,
} from "../../../src/drivers/docker/output/output.ts";
import type { OutputPosition, StreamName } from "../../../src/drivers/docker/output/output.ts";

const SECOND = Date.parse("2026-05-01T10:00:00Z");

function at(nanoseconds: number): string {
  return `2026-05-01T10:00:00.${String(nanoseconds).padStart(9, "0")}Z`;
}

/** One entry as the engine sends it. */
function frame(stream: StreamName, timestamp: string, data: string | Buffer): Buffer {
  const payload = Buffer.concat([Buffer.from(`${timestamp} `), Buffer.from(data)]);
  const header = Buffer.alloc(8);
  header[0] = stream === "stderr" ? 2 : 1;
  header.writeUInt32BE(payload.length, 4);
  return Buffer.concat([header, payload]);
}

function messages(bytes: Buffer, position: OutputPosition = {}, linesAhead = 0): string[] {
  const reader = new LineReader(position, linesAhead);
  const lines = [...reader.read(new FrameReader().push(bytes)), ...reader.end()];
  return lines.map(({ message }) => message);
}

test("entries come out whole, however the stream is cut into chunks", () => {
  const bytes = Buffer.concat([
    frame("stdout", at(1), "héllo wörld 😀\n"),
    frame("stderr", at(2), "\n"),
    frame("stdout", at(3), "a b  c\r\n"),
  ]);
  fc.assert(
    fc.property(fc.array(fc.nat(bytes.length), { maxLength: 12 }), (cuts) => {
      const frames = new FrameReader();
      const lines = new LineReader({}, 0);
      const edges = [0, ...cuts.sort((a, b) => a - b), bytes.length];
      const got = edges.slice(1).flatMap((edge, index) => lines.read(frames.push(bytes.subarray(edges[index], edge))));
      assert.deepEqual(got, [
        { timestamp: SECOND, message: "héllo wörld 😀" },
        { timestamp: SECOND, message: "" },
        { timestamp: SECOND, message: "a b  c" },
      ]);
    }),
  );
});

test("a line in pieces is one message with the time of its first piece, even when a character is cut", () => {
  const line = Buffer.from(`${"x".repeat(16_383)}é${"y".repeat(4000)}\n`);
  const bytes = Buffer.concat([
    frame("stdout", at(5_000_000), line.subarray(0, 16_384)),
    frame("stderr", at(6_000_000), "between\n"),
    frame("stdout", at(5_000_000), line.subarray(16_384)),
  ]);
  const got = new LineReader({}, 0).read(new FrameReader().push(bytes));
  assert.deepEqual(got, [
    { timestamp: SECOND + 6, message: "between" },
    { timestamp: SECOND + 5, message: line.toString("utf8").trimEnd() },
  ]);
});

test("where the engine leaves out the line end of a line in pieces, the short piece ends it", () => {
  const full = "x".repeat(16_384);
  const bytes = Buffer.concat([
    frame("stdout", at(1), full),
    frame("stdout", at(1), full),
    frame("stdout", at(1), "end"),
    frame("stdout", at(2), full),
    frame("stdout", at(2), ""),
    frame("stdout", at(3), "next\n"),
  ]);
  const reader = new LineReader({}, 0, "line-end-or-short");
  const got = reader.read(new FrameReader().push(bytes)).map(({ message }) => message);
  assert.deepEqual(got, [`${full}${full}end`, full, "next"]);
  assert.deepEqual(reader.end(), []);
});

test("a last line without an end is given at the end only", () => {
  const reader = new LineReader({}, 0);
  assert.deepEqual(reader.read(new FrameReader().push(frame("stdout", at(1), "no end"))), []);
  assert.deepEqual(reader.position, { openSince: at(1) });
  assert.deepEqual(reader.end(), [{ timestamp: SECOND, message: "no end" }]);
  assert.deepEqual(reader.end(), []);
});

test("a line that never ends is cut between characters, and nothing of it is lost", () => {
  const text = "é".repeat(LONGEST_MESSAGE_BYTES);
  const bytes = Buffer.from(text);
  const pieces: Buffer[] = [];
  for (let from = 0; from < bytes.length; from += 16_383) pieces.push(bytes.subarray(from, from + 16_383));
  const got = messages(Buffer.concat(pieces.map((piece) => frame("stdout", at(1), piece))));
  assert.ok(got.length >= 2 && got.every((message) => Buffer.byteLength(message) <= LONGEST_MESSAGE_BYTES));
  assert.equal(got.join(""), text);
});

test("reading the log anew from any position gives exactly the rest", () => {
  // Few timestamps and two streams, so that many entries share a time and the streams are out of order between them.
  const entry = fc.record({
    stream: fc.constantFrom<StreamName>("stdout", "stderr"),
    step: fc.constantFrom(0, 0, 1),
    skew: fc.constantFrom(0, 1, 3),
    isWhole: fc.constantFrom(true, true, false),
  });
  fc.assert(
    fc.property(fc.array(entry, { minLength: 1, maxLength: 30 }), fc.nat(30), (entries, cutAt) => {
      const time = { stdout: 10, stderr: 10 };
      const frames = entries.map(({ stream, step, skew, isWhole }, index) => {
        time[stream] += step * (1 + skew);
        return frame(stream, at(time[stream]), `${index}${isWhole ? "\n" : ","}`);
      });
      const whole = messages(Buffer.concat(frames));
      const first = new LineReader({}, 0);
      const before = first.read(new FrameReader().push(Buffer.concat(frames.slice(0, cutAt))));
      const position = JSON.parse(JSON.stringify(first.position)) as OutputPosition;
      const after = messages(Buffer.concat(frames), position);
      const both = [...before.map(({ message }) => message), ...after];
      assert.deepEqual(both.sort(), whole.sort());
    }),
  );
});

test("lines that are in the log already are skipped", () => {
  const bytes = Buffer.concat([1, 2, 3].map((n) => frame("stdout", at(n), `${n}\n`)));
  assert.deepEqual(messages(bytes, {}, 2), ["3"]);
  assert.deepEqual(messages(bytes, { stdout: { timestamp: at(1), count: 1 } }, 1), ["3"]);
});

test("times with another zone or fewer digits mean the same", () => {
  const position = { stdout: { timestamp: at(500_000_000), count: 1 } };
  const bytes = Buffer.concat([
    frame("stdout", "2026-05-01T12:00:00.5+02:00", "old\n"),
    frame("stdout", "2026-05-01T12:00:00.500000001+02:00", "new\n"),
  ]);
  assert.deepEqual(messages(bytes, position), ["new"]);
});

test("a clock that is set back does not hide what comes after it", () => {
  const position = { stdout: { timestamp: at(50), count: 1 } };
  const bytes = Buffer.concat([at(50), at(60), at(20)].map((time, n) => frame("stdout", time, `${n}\n`)));
  assert.deepEqual(messages(bytes, position), ["1", "2"]);
});

test("the engine is asked from early enough", () => {
  const now = SECOND / 1000;
  assert.equal(secondBefore({}), 0);
  assert.equal(secondBefore({ openSince: at(1) }), 0);
  assert.equal(secondBefore({ stdout: { timestamp: at(1), count: 1 } }), now - 60);
  const openSince = "2026-05-01T09:00:00.000000000Z";
  assert.equal(secondBefore({ stdout: { timestamp: at(1), count: 1 }, openSince }), now - 3600);
});
