import type { Report } from "../report.ts";
import { Markup, markup } from "./markup.ts";
import type { Format } from "./sections.ts";
import {
  environmentSection,
  figuresSection,
  queueSection,
  shareSection,
  unfinishedSection,
  vcpuSection,
  waitingSection,
} from "./sections.ts";
import { STYLE } from "./style.ts";

/** One page with everything in it: it loads nothing, and runs nothing. */
export function reportPage(title: string, reports: readonly Report[], format: Format): string {
  return markup`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title}</title>
<style>${new Markup(STYLE)}</style>
</head>
<body>
<main>
<h1>${title}</h1>
${figuresSection(reports, format)}
${environmentSection(reports, format)}
${queueSection(reports)}
${vcpuSection(reports)}
${waitingSection(reports, format)}
${shareSection(reports, format)}
${unfinishedSection(reports)}
</main>
</body>
</html>
`.text;
}
