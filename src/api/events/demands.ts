import type { Call } from "../wire/operations.ts";

const READ_ACTION = "longshore:ReadEvents";

/** @throws AccessDeniedException. Who does not say of which queues must be allowed to read those of all. */
export function demandReading({ denial }: Pick<Call, "denial">, jobQueues: readonly string[]): void {
  for (const resource of jobQueues.length === 0 ? ["*"] : jobQueues) {
    const denied = denial(READ_ACTION, resource);
    if (denied !== undefined) throw denied;
  }
}
