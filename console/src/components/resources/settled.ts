const TRIES = 50;
const PAUSE_MS = 200;

/** Resolves when a resource is no longer on its way to another state, or after ten seconds. */
export async function untilSettled(statusOf: () => Promise<string | undefined>): Promise<void> {
  for (let tried = 0; tried < TRIES; tried += 1) {
    const status = await statusOf();
    if (status === undefined || status === "VALID" || status === "INVALID") return;
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
}
