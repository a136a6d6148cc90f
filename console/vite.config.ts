import { join } from "node:path";
import react from "@vitejs/plugin-react";
import type { HtmlTagDescriptor, Plugin, Rolldown } from "vite";
import { defineConfig } from "vite";

/** Scripts that the page needs in any case and that the first one imports: loaded with it, not after it; their style sheets, too. */
const STARTS_WITH = "/src/start.tsx";

/**
 * Without groups a page is fifty files, most of them tiny, and each costs a request. What the first script needs is with it, and waits for nothing; what
 * the frame of all pages needs is one file, and what else is small and of several pages another one.
 */
const GROUPS: Rolldown.CodeSplittingGroup[] = [
  {
    name: "early",
    test: /console\/src\/(first-page|pages|api\/(activity|batch|call|early|region))\.ts$|preload-helper/,
    priority: 2,
  },
  { debugName: "frame", name: (id, build) => (needsOfStart(build).has(id) ? "frame" : null), priority: 1 },
  { name: "common", minShareCount: 3, maxModuleSize: 6_000 },
];

let needs: ReadonlySet<string> | undefined;

/** The ids of all modules that are imported, at once, by what STARTS_WITH says; not itself. */
function needsOfStart(build: Rolldown.ChunkingContext): ReadonlySet<string> {
  if (needs !== undefined) return needs;
  const start = join(import.meta.dirname, STARTS_WITH);
  const found = new Set([start]);
  for (const id of found) for (const imported of build.getModuleInfo(id)?.importedIds ?? []) found.add(imported);
  found.delete(start);
  return (needs = found);
}

function loadsStartWithMain(): Plugin {
  return {
    name: "loads-start-with-main",
    transformIndexHtml: {
      order: "post",
      handler(_html, { bundle = {} }) {
        const chunks = Object.values(bundle).filter((one) => one.type === "chunk");
        const start = chunks.find(({ facadeModuleId }) => facadeModuleId?.endsWith(STARTS_WITH) === true);
        if (start === undefined) throw new Error(`Nothing of the build begins with ${STARTS_WITH}.`);
        return [...withImports(start, chunks)].flatMap(tagsOf);
      },
    },
  };
}

function withImports(start: Rolldown.OutputChunk, chunks: readonly Rolldown.OutputChunk[]): Set<Rolldown.OutputChunk> {
  const found = new Set([start]);
  for (const { imports } of found) for (const one of chunks) if (imports.includes(one.fileName)) found.add(one);
  return found;
}

function tagsOf({ fileName, viteMetadata }: Rolldown.OutputChunk): HtmlTagDescriptor[] {
  const link = (rel: string, file: string): HtmlTagDescriptor => ({
    ...{ tag: "link", injectTo: "head" },
    attrs: { rel, crossorigin: true, href: `/${file}` },
  });
  return [
    link("modulepreload", fileName),
    ...[...(viteMetadata?.importedCss ?? [])].map((file) => link("stylesheet", file)),
  ];
}

/** `npm run console` builds; `npm run console:dev` serves the sources, with the API of a server on port 4566. */
export default defineConfig({
  root: import.meta.dirname,
  plugins: [react(), loadsStartWithMain()],
  build: {
    outDir: join(import.meta.dirname, "dist"),
    emptyOutDir: true,
    // What a strict Content-Security-Policy lets through: files of this origin, nothing inlined.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 1_000,
    rolldownOptions: { output: { codeSplitting: { groups: GROUPS } } },
  },
  server: {
    proxy: Object.fromEntries(
      ["/v1", "/longshore", "/events", "/metrics"].map((path) => [
        path,
        { target: "http://127.0.0.1:4566", changeOrigin: true },
      ]),
    ),
  },
});
