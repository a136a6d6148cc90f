import type { Ulimit } from "@aws-sdk/client-batch";

/** bash's option for each limit that a job definition may name, and how many of the limit's own units one of bash's is. */
const OPTIONS: ReadonlyMap<string, { readonly option: string; readonly unit: number }> = new Map(
  (
    [
      ["core", "c", 1024],
      ["cpu", "t", 1],
      ["data", "d", 1024],
      ["fsize", "f", 1024],
      ["locks", "x", 1],
      ["memlock", "l", 1024],
      ["msgqueue", "q", 1],
      ["nice", "e", 1],
      ["nofile", "n", 1],
      ["nproc", "u", 1],
      ["rss", "m", 1024],
      ["rtprio", "r", 1],
      ["rttime", "R", 1],
      ["sigpending", "i", 1],
      ["stack", "s", 1024],
    ] as const
  ).map(([name, option, unit]) => [name, { option, unit }]),
);

/** What a shell does to have this limit: the hard one first, because it may be where the soft one cannot yet go. Undefined for a name that is none. */
export function ulimitCommand({ name = "", softLimit = 0, hardLimit = 0 }: Ulimit): string | undefined {
  const found = OPTIONS.get(name);
  if (found === undefined) return undefined;
  const { option, unit } = found;
  return `ulimit -${option} ${inUnits(hardLimit, unit)} && ulimit -S -${option} ${inUnits(softLimit, unit)}`;
}

/** Negative is without limit, as with container engines. */
function inUnits(limit: number, unit: number): string {
  return limit < 0 ? "unlimited" : String(Math.floor(limit / unit));
}
