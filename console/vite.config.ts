import { join } from "node:path";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

/** `npm run console` builds; `npm run console:dev` serves the sources, with the API of a server on port 4566. */
export default defineConfig({
  root: import.meta.dirname,
  plugins: [react()],
  build: {
    outDir: join(import.meta.dirname, "dist"),
    emptyOutDir: true,
    // What a strict Content-Security-Policy lets through: files of this origin, nothing inlined.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 1_000,
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
