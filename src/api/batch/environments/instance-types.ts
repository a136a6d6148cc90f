import { instanceFamilies } from "../../../catalog/instance-types.ts";

/** Names by which AWS Batch chooses instance types itself (reference 6.4). */
const BUNDLES: ReadonlySet<string> = new Set(["optimal", "default_x86_64", "default_arm64"]);

export function isBundle(name: string): boolean {
  return BUNDLES.has(name);
}

const FAMILY = /^([a-z]+\d+[a-z]*(-[a-z0-9]+)?|u-\d+tb\d+)$/;
const SIZE = /^(nano|micro|small|medium|large|\d*xlarge|metal(-[a-z0-9]+)?)$/;

/** A bundle, a family (`c5`) or a type (`c5.large`). A family that the catalog does not know only has to look like one. */
export function isInstanceType(name: string): boolean {
  if (isBundle(name)) return true;
  const [family = "", size, ...more] = name.split(".");
  if (more.length > 0) return false;
  const sizes = instanceFamilies().get(family);
  if (sizes !== undefined) return size === undefined || sizes.has(size);
  return FAMILY.test(family) && (size === undefined || SIZE.test(size));
}

/** All names that are known, as AWS lists them to who gives another one: some clients read the list from there. */
export function instanceTypeNames(): string {
  const named = [...instanceFamilies()].flatMap(([family, sizes]) => [
    family,
    ...[...sizes].map((size) => `${family}.${size}`),
  ]);
  return [...BUNDLES, ...named].join(", ");
}

/** The family, without the size. */
export function familyOf(name: string): string {
  return name.split(".")[0]!;
}

/** Graviton families have a g right behind their generation (c6g, im4gn); a1 is the one from before that habit. */
export function isArm(name: string): boolean {
  return name === "default_arm64" || /^(a1|[a-z]+\d+g[a-z]*)$/.test(familyOf(name));
}
