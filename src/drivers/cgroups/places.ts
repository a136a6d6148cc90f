import { posix } from "node:path";
import type { Hierarchy } from "./hierarchies.ts";

/**
 * Which groups of the second version may take ours, the nearest to this process first: one of them may have been handed to its user.
 *
 * @param own the text of /proc/self/cgroup.
 */
export function unifiedPlaces({ mount, root }: Hierarchy, own: string): string[] {
  const places: string[] = [];
  for (let path = fromRoot(ownPath(own), root); ; path = posix.dirname(path)) {
    places.push(posix.resolve(mount, `.${path}`));
    if (path === "/") return places;
  }
}

function ownPath(text: string): string {
  const line = text.split("\n").find((one) => one.startsWith("0::"));
  return line?.slice("0::".length) ?? "/";
}

/** A container may see a part of the tree only, and be told where in the whole of it it is. */
function fromRoot(path: string, root: string): string {
  const within = posix.relative(root, path);
  return within.startsWith("..") ? "/" : posix.join("/", within);
}
