import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { LockedPackage } from "../../scripts/lock.ts";
import { licenceOf, LICENCES_PAGE, licencesPage } from "../../scripts/licences.ts";
import { lockedPackages, ROOT } from "../../scripts/lock.ts";

/** What docs/supply-chain.md promises of the packages that others wrote. */

const ALLOWED_LICENCES = [
  "0BSD",
  "Apache-2.0",
  "BlueOak-1.0.0",
  "BSD-2-Clause",
  "BSD-3-Clause",
  "ISC",
  "MIT",
  "PSF-2.0",
  "Unlicense",
];
/** Fonts, and what only works on the code and is no part of what runs. */
const ALLOWED_OTHERWISE: Readonly<Record<string, string>> = { "@fontsource-variable/open-sans": "OFL-1.1" };
const ALLOWED_OF_TOOLS = "MPL-2.0";
const GROUPS = ["dependencies", "devDependencies", "optionalDependencies", "peerDependencies"];

const packages = lockedPackages();
const read = (path: string): string => readFileSync(join(ROOT, path), "utf8");

test("every dependency is of one exact version, and the lock file has the digest of every archive", () => {
  const manifest = JSON.parse(read("package.json")) as Record<string, Record<string, string>>;
  const named = GROUPS.flatMap((group) => Object.entries(manifest[group] ?? {}));
  assert.ok(named.length > 10);
  assert.deepEqual(
    named.filter(([, version]) => !/^\d+\.\d+\.\d+$/.test(version)),
    [],
  );
  for (const [name, version] of named) {
    assert.equal(packages.find(({ path }) => path === `node_modules/${name}`)?.version, version, name);
  }
  assert.deepEqual(
    packages.filter(({ integrity }) => !/^sha512-[A-Za-z0-9+/]{86}==$/.test(integrity ?? "")).map(({ path }) => path),
    [],
  );
});

test("every licence is allowed, and docs/licences.md lists it", () => {
  const page = read("docs/supply-chain.md");
  assert.ok(page.includes(`Allowed are ${ALLOWED_LICENCES.slice(0, -1).join(", ")} and ${ALLOWED_LICENCES.at(-1)}:`));
  assert.deepEqual(
    packages.filter((one) => !isAllowed(one)).map(({ path }) => path),
    [],
  );
  assert.equal(readFileSync(LICENCES_PAGE, "utf8"), licencesPage(packages), "npm run licences writes it anew");
});

test("no package runs a script when it is installed; those that would are explained", () => {
  assert.match(read(".npmrc"), /^ignore-scripts=true$/m);
  assert.match(read("scripts/install.sh"), /npm install --no-save --ignore-scripts /);
  const withScript = new Set(packages.filter(({ hasInstallScript }) => hasInstallScript).map(({ name }) => name));
  const rows = read("docs/supply-chain.md").matchAll(/^\| ([a-z@][^ |]*) +\| [^|]{10,} \| [^|]{10,} \|$/gm);
  assert.deepEqual([...rows].map(([, name]) => name!).toSorted(), [...withScript].toSorted());
});

function isAllowed(one: LockedPackage): boolean {
  const licence = licenceOf(one);
  if (ALLOWED_LICENCES.includes(licence) || ALLOWED_OTHERWISE[one.name] === licence) return true;
  return one.isForDevelopment && licence === ALLOWED_OF_TOOLS;
}
