import { readFileSync } from "node:fs";

/** An EC2 instance type, as AWS published it in July 2026. */
export interface InstanceType {
  /** `m5.large`: the family and the size. */
  readonly name: string;
  readonly vcpus: number;
  readonly memoryMiB: number;
  /** `x86_64`, `arm64`. */
  readonly architectures: readonly string[];
  readonly gpus: number;
  /** Whether AWS counts it among those that it recommends. */
  readonly isCurrent: boolean;
  readonly isBareMetal: boolean;
  /** US dollars on demand, in one region; undefined where it had none. */
  readonly pricePerHour: number | undefined;
}

let types: readonly InstanceType[] | undefined;
let families: Map<string, Set<string>> | undefined;

/** The list is of one region: AWS has more, so what is not in it may still exist. Read when it is first asked for; most servers never are. */
export function instanceTypes(): readonly InstanceType[] {
  return (types ??= readTypes());
}

/** EC2's instance families with their sizes: `m5` has `large`, `xlarge` and so on. */
export function instanceFamilies(): ReadonlyMap<string, ReadonlySet<string>> {
  return (families ??= readFamilies());
}

/** Cells hold no commas of their own; several architectures are told apart by a space. */
function readTypes(): InstanceType[] {
  const text = readFileSync(new URL("ec2-instance-types.csv", import.meta.url), "utf8");
  const [head = "", ...lines] = text.trimEnd().split("\n");
  const columns = head.split(",");
  return lines.map((line) => {
    const cells = line.split(",");
    const cell = (name: string): string => cells[columns.indexOf(name)]!;
    return {
      name: cell("instanceType"),
      vcpus: Number(cell("vcpus")),
      memoryMiB: Number(cell("memoryMiB")),
      architectures: cell("architectures").split(/\W+/),
      gpus: Number(cell("gpus")),
      isCurrent: cell("currentGeneration") === "true",
      isBareMetal: cell("bareMetal") === "true",
      pricePerHour: cell("onDemandUsdPerHour") === "" ? undefined : Number(cell("onDemandUsdPerHour")),
    };
  });
}

function readFamilies(): Map<string, Set<string>> {
  const found = new Map<string, Set<string>>();
  for (const { name } of instanceTypes()) {
    const [family, size] = name.split(".") as [string, string];
    const sizes = found.get(family);
    if (sizes === undefined) found.set(family, new Set([size]));
    else sizes.add(size);
  }
  return found;
}
