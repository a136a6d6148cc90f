import { existsSync } from "node:fs";
import { systemClock } from "../clock.ts";
import { openDatabase, withoutPassword } from "../database.ts";
import { StartError } from "../start-error.ts";
import { VERSION } from "../version.ts";
import type { Check } from "./finding.ts";
import { ok, problem, skipped, warning } from "./finding.ts";

/** Signatures are good for five minutes, and leases for seconds. */
const APART_MS = 2_000;
const ANSWER_MS = 5_000;
/** This program is not older. */
const EARLIEST = Date.UTC(2025, 0, 1);
const LATEST = Date.UTC(2100, 0, 1);
/** Where services that set the clock say that they have done so. */
const SYNCHRONISED = "/run/systemd/timesync/synchronized";
const SERVICES = ["/run/chrony", "/run/chronyd.pid", "/run/ntpd.pid", "/var/run/ntpd.pid", "/run/openntpd"];

export const clockCheck: Check = {
  name: "clock",
  find() {
    const now = systemClock.now();
    const text = new Date(now).toISOString();
    if (now < EARLIEST || now > LATEST) return problem(`The clock says ${text}.`, "Set it: timedatectl set-ntp true");
    if (existsSync(SYNCHRONISED)) return ok(`The clock says ${text}, and is kept right by the network's time.`);
    if (SERVICES.some((file) => existsSync(file))) return ok(`The clock says ${text}; a service keeps it right.`);
    return ok(`The clock says ${text}. Whether something keeps it right is not known here.`);
  },
};

export function serverCheck(url: string | undefined): Check {
  return {
    name: "server",
    async find() {
      if (url === undefined) return skipped("No server runs on this data directory.");
      const before = systemClock.now();
      let answer: Response;
      try {
        answer = await fetch(new URL("/readyz", url), { signal: AbortSignal.timeout(ANSWER_MS) });
      } catch (error) {
        const why = error instanceof Error ? (error.cause instanceof Error ? error.cause.message : error.message) : "";
        return problem(
          `A server was started for ${url}, and does not answer there (${why}).`,
          "It was killed, or hangs: start it again with longshore up; what ran goes on.",
        );
      }
      await answer.text();
      const now = systemClock.now();
      if (!answer.ok) return problem(`The server at ${url} is not ready (${answer.status}).`, "Its log says why.");
      // To the second.
      const date = Date.parse(answer.headers.get("date") ?? "");
      const apartMs = Number.isNaN(date) ? 0 : Math.max(before - date - 1_000, date - now, 0);
      if (apartMs > APART_MS) return clocksApart("The server's", apartMs);
      return ok(`The server at ${url} is ready. This is Longshore ${VERSION}.`);
    },
  };
}

export function databaseCheck(databaseUrl: string | undefined): Check {
  return {
    name: "postgresql",
    async find() {
      if (databaseUrl === undefined) return skipped("No --database-url: everything is kept in the data directory.");
      try {
        const database = await openDatabase({ dataDir: "", databaseUrl }, { clock: systemClock, onError: () => {} });
        try {
          const [row] = await database.read(
            `SELECT current_setting('server_version') AS version, extract(epoch FROM clock_timestamp()) * 1000 AS now`,
          );
          const apartMs = Math.abs(systemClock.now() - Number(row!["now"]));
          if (apartMs > APART_MS) return clocksApart("The database's", apartMs);
          return ok(`${withoutPassword(databaseUrl)} answers: PostgreSQL ${String(row!["version"])}.`);
        } finally {
          await database.close();
        }
      } catch (error) {
        if (error instanceof StartError) {
          return problem(error.message, "docs/postgresql.md says what a server needs of a database.");
        }
        throw error;
      }
    },
  };
}

function clocksApart(whose: string, apartMs: number) {
  return warning(
    `${whose} clock and this machine's are ${Math.round(apartMs / 1000)} s apart.`,
    "Have both kept right by the network's time: timedatectl set-ntp true",
  );
}
