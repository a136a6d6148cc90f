import type { KeyRing } from "../api/access/key-ring.ts";
import type { Role } from "../ports/leadership.ts";
import type { Settings } from "./settings.ts";

/** What the user should know: gathered while the server starts, in its log after that. */
export class Notices {
  readonly #log: (notice: string) => void;
  readonly #gathered: string[] = [];
  #isTold = false;

  constructor(log: (notice: string) => void) {
    this.#log = log;
  }

  add(...notices: readonly string[]): void {
    if (this.#isTold) for (const notice of notices) this.#log(notice);
    else this.#gathered.push(...notices);
  }

  /** From here on they go to the log. */
  told(): readonly string[] {
    this.#isTold = true;
    return this.#gathered;
  }
}

/** SDKs take credentials from few addresses. */
export const NO_CREDENTIALS_OF_PROCESSES =
  "Plain processes get no credentials of their roles, but the server's own: SDKs take credentials from a loopback address only. Start the server with --host 127.0.0.1 or 0.0.0.0.";

export function standingNotices(role: Role): string[] {
  if (role.kind !== "follows") return [];
  return [`The server at ${role.leader.url} leads; this one answers as well, and takes over when that is gone.`];
}

export function accessNotices({ options, isOpen }: Settings, ring: KeyRing): string[] {
  if (isOpen) return [];
  if (ring.isUsable) return ["Only requests that are signed with a known access key are served."];
  const command = `longshore credentials create --data-dir ${options.dataDir}`;
  return [
    `Only requests that are signed with a known access key are served, and there is none yet. Make one: ${command}`,
  ];
}
