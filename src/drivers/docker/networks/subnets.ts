/** A part of the IPv4 addresses: the first of them as a number, and how many bits all have in common. */
export interface Subnet {
  readonly first: number;
  readonly prefix: number;
}

/** `10.0.0.0/8` and the like; undefined for anything else. Bits behind the prefix are taken as 0. */
export function parseSubnet(text: string): Subnet | undefined {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})\/(\d{1,2})$/.exec(text);
  if (match === null) return undefined;
  const [a, b, c, d, prefix] = match.slice(1).map(Number) as [number, number, number, number, number];
  if (prefix > 32 || [a, b, c, d].some((byte) => byte > 255)) return undefined;
  const address = ((a * 256 + b) * 256 + c) * 256 + d;
  return { first: address - (address % sizeOf(prefix)), prefix };
}

export function formatSubnet({ first, prefix }: Subnet): string {
  const bytes = [24, 16, 8, 0].map((shift) => Math.floor(first / 2 ** shift) % 256);
  return `${bytes.join(".")}/${prefix}`;
}

export function overlap(a: Subnet, b: Subnet): boolean {
  return a.first < b.first + sizeOf(b.prefix) && b.first < a.first + sizeOf(a.prefix);
}

/** Beside the members: the network itself, the gateway, and the broadcast address. */
const OWN_ADDRESSES = 3;
/** Smaller ones would be no gain. */
export const SMALLEST_PREFIX = 26;

/**
 * The first subnet of a range that has room for so many members and touches none of those in use, beginning at a place that `seed` says, so that jobs that begin
 * together do not want the same one. Undefined when there is none.
 *
 * @param seed a whole number of at least 0.
 */
export function freeSubnet(range: Subnet, members: number, inUse: readonly Subnet[], seed: number): Subnet | undefined {
  const prefix = Math.min(SMALLEST_PREFIX, 32 - Math.ceil(Math.log2(members + OWN_ADDRESSES)));
  const count = prefix < range.prefix ? 0 : 2 ** (prefix - range.prefix);
  for (let index = 0; index < count; index += 1) {
    const subnet = { first: range.first + ((seed + index) % count) * sizeOf(prefix), prefix };
    if (!inUse.some((other) => overlap(subnet, other))) return subnet;
  }
  return undefined;
}

function sizeOf(prefix: number): number {
  return 2 ** (32 - prefix);
}
