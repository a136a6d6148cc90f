import { hexId } from "../../../core/ids.ts";

const FIRST_MS = 250;
const LONGEST_MS = 15_000;

/**
 * How long to wait before the next try: longer and longer up to 15 s, and for each purpose a little otherwise, so that not all come back at once.
 *
 * @param tries that have failed, at least one.
 */
export function backoffMs(purpose: string, tries: number): number {
  const delayMs = Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(tries - 1, 10));
  const part = parseInt(hexId(`${purpose} ${tries}`, 8), 16) / 0xffffffff;
  return Math.round(delayMs * (0.5 + part / 2));
}
