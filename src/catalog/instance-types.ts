import { readFileSync } from "node:fs";

let families: Map<string, Set<string>> | undefined;

/**
 * EC2's instance families with their sizes: `m5` has `large`, `xlarge` and so on. The list is of July 2026 and one region: AWS has more, so what is
 * not in it may still exist. Read when it is first asked for; most servers never are.
 */
export function instanceFamilies(): ReadonlyMap<string, ReadonlySet<string>> {
  families ??= read();
  return families;
}

function read(): Map<string, Set<string>> {
  const text = readFileSync(new URL("ec2-instance-types.csv", import.meta.url), "utf8");
  const found = new Map<string, Set<string>>();
  for (const line of text.trimEnd().split("\n").slice(1)) {
    const [family, size] = line.slice(0, line.indexOf(",")).split(".") as [string, string];
    const sizes = found.get(family);
    if (sizes === undefined) found.set(family, new Set([size]));
    else sizes.add(size);
  }
  return found;
}
