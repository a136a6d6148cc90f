import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { LockedPackage } from "./lock.ts";
import { lockedPackages, ROOT } from "./lock.ts";

/** Writes docs/licences.md: `npm run licences`. A test fails when it is out of date. */

export const LICENCES_PAGE = join(ROOT, "docs", "licences.md");

/** The licence of each package, by the names of SPDX. Throws for one that says none. */
export function licenceOf({ name, path, license }: LockedPackage): string {
  const licence = license ?? licenceInOldForm(path);
  if (licence === undefined) throw new Error(`${name} does not say its licence`);
  return licence;
}

/** Before SPDX had its names, package.json had a list, which npm does not copy into the lock file. */
function licenceInOldForm(path: string): string | undefined {
  const { licenses } = JSON.parse(readFileSync(join(ROOT, path, "package.json"), "utf8")) as {
    readonly licenses?: readonly { readonly type: string }[];
  };
  return licenses?.length === 1 ? licenses[0]!.type : undefined;
}

export function licencesPage(packages: readonly LockedPackage[]): string {
  const [tools, running] = [true, false].map((isTool) => packages.filter((one) => one.isForDevelopment === isTool));
  return `# Licences

Of the packages in \`package-lock.json\`, made by \`npm run licences\`. Longshore itself is Apache-2.0. [The supply chain](supply-chain.md) says which licences may be here.

## What the server and the command line run

${listed(running!)}

## What only work on the code needs

${listed(tools!)}
`;
}

function listed(packages: readonly LockedPackage[]): string {
  const byLicence = Map.groupBy(packages, licenceOf);
  return [...byLicence]
    .toSorted(([a, some], [b, others]) => others.length - some.length || (a < b ? -1 : 1))
    .map(([licence, members]) => {
      const names = [...new Set(members.map(({ name, version }) => `${name} ${version}`))].toSorted();
      return `**${licence}** (${names.length}): ${names.join(", ")}.`;
    })
    .join("\n\n");
}

if (import.meta.main) writeFileSync(LICENCES_PAGE, licencesPage(lockedPackages()));
