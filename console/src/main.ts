import { askForPage } from "./first-page.ts";

/**
 * The first script of the console, and a small one: what the page at this address needs is on its way while the large one is still read. The build names
 * that in index.html, so that both come at the same time (vite.config.ts).
 */
askForPage(window.location.pathname);
void import("./start.tsx");
