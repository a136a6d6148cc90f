import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { Cli, ROOT, type Ended } from "../cli/longshore.ts";
import { ensureTestImage } from "../support/docker-image.ts";

const WORD_COUNT = join(ROOT, "examples/word-count/run.sh");
const IMAGE = join(ROOT, "examples/image/run.sh");

/** Runs an example on a folder of its own, with these files in it. */
async function wordCount(cli: Cli, files: Readonly<Record<string, string>>, top = 1_000): Promise<Ended> {
  const folder = join(cli.home, "some texts");
  mkdirSync(join(folder, "sub folder"), { recursive: true });
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  return cli.startProgram(WORD_COUNT, [folder, `${top}`]).ended;
}

/** The same count, in another way: Unicode's own idea of letters. Most frequent first, then by bytes. */
function expected(texts: readonly string[], top = 1_000): string {
  const counts = new Map<string, number>();
  for (const text of texts) {
    for (const match of text
      .replaceAll("’", "'")
      .toLowerCase()
      .matchAll(/\p{L}+(?:'+\p{L}+)*/gu)) {
      counts.set(match[0], (counts.get(match[0]) ?? 0) + 1);
    }
  }
  return [...counts]
    .sort(([a, n], [b, m]) => m - n || Buffer.compare(Buffer.from(a), Buffer.from(b)))
    .slice(0, top)
    .map(([word, amount]) => `${String(amount).padStart(8)}  ${word}\n`)
    .join("");
}

test("word count: a folder of texts, whatever their names and alphabets", async (t) => {
  const files = {
    "plain.txt": "The quick brown fox. The lazy dog; the END\n",
    "with spaces and 'quotes' \".txt": "Don’t “quote” me — don't, ‘THE’ end… rock'n'roll 3 times 42\n",
    "-dash": "No line end at the end of this one",
    "naïve é.txt": "École, école; ÉCOLE! Ωμέγα ωμέγα НЕТ нет naïve\r\nœuvre Œuvre",
    "empty.txt": "",
    "sub folder/deep.txt": "deep the deep\n",
  };
  const { code, stdout, stderr } = await wordCount(new Cli(t), { ...files, ".hidden": "hidden hidden" });
  assert.equal(code, 0, stderr);
  assert.equal(stdout, expected(Object.values(files)));
});

test("word count: more files than the machine runs at once, only the top words, on a server that runs already", async (t) => {
  const cli = new Cli(t);
  const server = await cli.up();
  const texts = Array.from({ length: 40 }, (_, n) =>
    `common ${"word".repeat((n % 7) + 1)} odd${"x".repeat(n)}\n`.repeat(n + 1),
  );
  const files = Object.fromEntries(texts.map((text, n) => [`text ${n}`, text]));
  const { code, stdout, stderr } = await wordCount(cli, files, 5);
  assert.equal(code, 0, stderr);
  assert.equal(stdout, expected(texts, 5));
  assert.equal((await cli.run("jobs", "list", "-q")).stdout.trim().split("\n").length, 2);
  server.process.kill("SIGTERM");
  await server.ended;
});

test("word count: one file is an ordinary job", async (t) => {
  const { code, stdout, stderr } = await wordCount(new Cli(t), { "only one": "b a b\n" });
  assert.equal(code, 0, stderr);
  assert.equal(stdout, "       2  b\n       1  a\n");
});

test("word count: an empty folder, no folder and a name with a line break are clear errors", async (t) => {
  const cli = new Cli(t);
  const empty = await wordCount(cli, {});
  assert.deepEqual([empty.code, empty.stdout], [2, ""]);
  assert.match(empty.stderr, /there are no files in/);
  const missing = await cli.startProgram(WORD_COUNT, [join(cli.home, "missing")]).ended;
  assert.equal(missing.code, 2);
  assert.match(missing.stderr, /is not a folder/);
  const broken = await wordCount(cli, { "line\nbreak": "x" });
  assert.equal(broken.code, 2);
  assert.match(broken.stderr, /line break/);
});

test("word count: a child that fails fails the whole, and says so", async (t) => {
  const cli = new Cli(t);
  const folder = join(cli.home, "texts");
  mkdirSync(folder);
  for (const name of ["a", "b"]) writeFileSync(join(folder, name), "text");
  // A copy of the example whose counting fails.
  const copy = join(cli.home, "examples/word-count");
  await cli.startProgram("sh", [
    "-c",
    'mkdir -p "$1" && cp "$0"/* "$1" && echo "exit 3" > "$1/count.sh"',
    join(ROOT, "examples/word-count"),
    copy,
  ]).ended;
  await cli.startProgram("ln", ["-s", join(ROOT, "longshore"), join(cli.home, "longshore")]).ended;
  const { code, stdout, stderr } = await cli.startProgram(join(copy, "run.sh"), [folder]).ended;
  assert.deepEqual([code, stdout], [3, ""]);
  assert.match(stderr, /0 succeeded, 2 failed[\s\S]*Dependent Job failed/);
});

test("image: a greeting, a command of one's own, its exit code; the definition is registered once", async (t) => {
  const cli = new Cli(t);
  const image = await ensureTestImage();
  const greeting = await cli.startProgram(IMAGE, [image]).ended;
  assert.equal(greeting.code, 0, greeting.stderr);
  assert.match(greeting.stdout, /^Hello from job [0-9a-f-]{36} on Linux/);
  const own = await cli.startProgram(IMAGE, [image, "sh", "-c", "cat /etc/passwd | head -n 1; exit 9"]).ended;
  assert.deepEqual([own.code, own.stdout], [9, "root:x:0:0::/:/bin/sh\n"]);
  const server = await cli.up("--driver", "auto");
  const ids = (await cli.run("jobs", "list", "-q")).stdout.trim().split("\n");
  const { jobs } = JSON.parse((await cli.run("jobs", "describe", "--json", ...ids)).stdout) as {
    jobs: { jobDefinition: string }[];
  };
  assert.deepEqual(
    jobs.map(({ jobDefinition }) => jobDefinition.split("/")[1]),
    ["run-longshore-test-busybox-1:1", "run-longshore-test-busybox-1:1"],
  );
  server.process.kill("SIGTERM");
  await server.ended;
});

test("image: without a name it says how to call it", async (t) => {
  const { code, stderr } = await new Cli(t).startProgram(IMAGE, []).ended;
  assert.equal(code, 2);
  assert.match(stderr, /which image\?/);
});
