import { readFileSync } from "node:fs";

/** One tree of the kernel's control groups, as it is mounted here. Version 1 has a tree for each controller, or for few together; version 2 has one for all. */
export interface Hierarchy {
  readonly version: 1 | 2;
  /** Where it is seen. */
  readonly mount: string;
  /** The cgroup that is seen there: `/`, or less than the whole tree in a container. */
  readonly root: string;
  /** `memory`, `cpuacct`, ...; of version 2 those that its root can pass on. */
  readonly controllers: readonly string[];
}

/** None where the kernel has none (not Linux). */
export function mountedHierarchies(): Hierarchy[] {
  return linesOf("/proc/self/mountinfo").flatMap((line) => toHierarchy(line) ?? []);
}

/** A line of proc(5)'s mountinfo: `36 35 98:0 /root /mount options - type source super-options`. */
function toHierarchy(line: string): Hierarchy | undefined {
  const [place = "", kind = ""] = line.split(" - ");
  const [, , , root = "", mount = ""] = place.split(" ").map(unescaped);
  const [type, , options = ""] = kind.split(" ");
  if (type === "cgroup") return { version: 1, mount, root, controllers: options.split(",") };
  if (type !== "cgroup2") return undefined;
  const controllers = linesOf(`${mount}/cgroup.controllers`).flatMap((names) => names.split(" "));
  return { version: 2, mount, root, controllers };
}

/** The kernel writes a space in a name as `\040`. */
function unescaped(text: string): string {
  return text.replaceAll(/\\([0-7]{3})/g, (_, code: string) => String.fromCharCode(Number.parseInt(code, 8)));
}

/** Those that are not empty; none when there is no such file. */
export function linesOf(file: string): string[] {
  try {
    return readFileSync(file, "utf8")
      .split("\n")
      .filter((line) => line !== "");
  } catch {
    return [];
  }
}
