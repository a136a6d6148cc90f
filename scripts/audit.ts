import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "./lock.ts";

/**
 * Asks the registry which of the locked packages are known to be vulnerable: `npm run audit`. Fails when one is and docs/supply-chain.md does not explain it. Many mirrors have no
 * such list, and without a network nobody can be asked: it says so, and is no failure.
 */

interface Advisory {
  readonly title: string;
  readonly url: string;
  readonly severity: string;
  readonly range: string;
}

/** What npm prints; `via` names other packages where they are the cause. */
interface Audit {
  readonly vulnerabilities?: Readonly<Record<string, { readonly via: readonly (Advisory | string)[] }>>;
  /** Why it could not be done. */
  readonly message?: string;
}

const ASKING = ["audit", "--json", "--audit", "--package-lock-only", "--fetch-retries=0", "--fetch-timeout=20000"];
const { stdout, error } = spawnSync("npm", ASKING, { cwd: ROOT, encoding: "utf8", timeout: 60_000 });
const { vulnerabilities, message = error?.message ?? "no answer" } = parsed(stdout);

if (vulnerabilities === undefined) {
  console.log(`npm audit: not done: ${message}`);
} else {
  const explained = readFileSync(join(ROOT, "docs", "supply-chain.md"), "utf8");
  const advisories = Object.entries(vulnerabilities).flatMap(([name, { via }]) =>
    via.flatMap((one) => (typeof one === "string" ? [] : [{ name, ...one }])),
  );
  const unexplained = advisories.filter(({ url }) => !explained.includes(`| ${url} |`));
  for (const { name, range, severity, title, url } of unexplained) {
    console.error(`${name} ${range}: ${severity}: ${title}\n  ${url}`);
  }
  console.log(`npm audit: ${advisories.length} advisories, ${unexplained.length} of them not explained.`);
  if (unexplained.length > 0) {
    console.error("Update these packages, or say in docs/supply-chain.md why they do no harm here.");
    process.exitCode = 1;
  }
}

function parsed(text: string | null): Audit {
  try {
    return JSON.parse(text ?? "") as Audit;
  } catch {
    return {};
  }
}
