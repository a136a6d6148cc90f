import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { test } from "node:test";

/** The habits of the console, held by reading its source. */

const ROOT = dirname(import.meta.dirname);
const SOURCE = join(ROOT, "console", "src");

/** What each room may import, beside itself. Pages know nothing of each other. */
const MAY_IMPORT: Record<string, readonly string[]> = {
  api: [],
  shell: ["api", "components"],
  components: ["api", "shell"],
  pages: ["api", "shell", "components"],
  "pages.ts": ["pages"],
  "app.tsx": ["api", "shell", "components", "pages", "pages.ts"],
  "start.tsx": ["api", "shell", "app.tsx"],
  "first-page.ts": ["api", "pages.ts"],
  "main.ts": ["first-page.ts", "start.tsx"],
};

const sources = readdirSync(SOURCE, { recursive: true, encoding: "utf8" })
  .filter((path) => /\.tsx?$/.test(path))
  .map((path) => {
    const text = readFileSync(join(SOURCE, path), "utf8");
    const imports = [...text.matchAll(/^(?:import|export)\b([^;]*?)\bfrom "([^"]+)";|\bimport\("([^"]+)"\)/gm)].map(
      ([, clause, from, lazy]) => ({ isType: /^\s+type\b/.test(clause ?? ""), specifier: (from ?? lazy)! }),
    );
    return {
      path,
      text,
      room: path.split("/")[0]!,
      imports: imports.filter(({ specifier }) => specifier.startsWith(".")),
    };
  });

function target(from: string, specifier: string): string {
  return relative(SOURCE, join(SOURCE, dirname(from), specifier));
}

/** pages/job/... -> pages/job */
const pageOf = (path: string): string => path.split("/").slice(0, 2).join("/");

test("of the server, the console knows types only, of its rooms core and ports", () => {
  const wrong = sources.flatMap(({ path, imports }) =>
    imports
      .map(({ isType, specifier }) => ({ isType, to: target(path, specifier) }))
      .filter(({ to }) => to.startsWith(".."))
      .filter(({ isType, to }) => !isType || !/^\.\.\/\.\.\/src\/(core|ports)\//.test(to))
      .map(({ to }) => `${path} -> ${to}`),
  );
  assert.deepEqual(wrong, []);
});

test("imports go only from pages to what pages share", () => {
  const wrong = sources.flatMap(({ path, room, imports }) => {
    const allowed = MAY_IMPORT[room];
    assert.ok(allowed, `console/src/${path} is in no known room: name it in this test`);
    return imports
      .map(({ specifier }) => target(path, specifier))
      .filter((to) => !to.startsWith(".."))
      .filter((to) => {
        const toRoom = to.split("/")[0]!;
        if (toRoom === room) return room === "pages" && pageOf(to) !== pageOf(path);
        return !allowed.includes(toRoom);
      })
      .map((to) => `${path} -> ${to}`);
  });
  assert.deepEqual(wrong, []);
});

test("nothing that others wrote becomes markup or script", () => {
  const forbidden =
    /dangerouslySetInnerHTML|\.(inner|outer)HTML\b|insertAdjacentHTML|document\.write|\beval\(|new Function\(|<style\b|javascript:/;
  assert.deepEqual(
    sources.filter(({ text }) => forbidden.test(text)).map(({ path }) => path),
    [],
  );
});

test("no long files", () => {
  assert.deepEqual(
    sources.filter(({ text }) => text.split("\n").length > 400).map(({ path }) => path),
    [],
  );
});
