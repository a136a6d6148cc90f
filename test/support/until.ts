/** How long a test waits for what must come: far longer than it takes, so that only a real fault ends it. */
export const DEADLINE_MS = 150_000;
const LOOK_EVERY_MS = 15;

/** Asks again and again until `probe` gives something other than undefined or false. For what nothing reports: a server's answer, a file. */
export async function until<T>(
  what: string,
  probe: () => Promise<T | undefined | false> | T | undefined | false,
): Promise<T> {
  const deadline = Date.now() + DEADLINE_MS;
  for (;;) {
    const found = await probe();
    if (found !== undefined && found !== false) return found;
    if (Date.now() > deadline) throw new Error(`Not within ${DEADLINE_MS} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }
}
