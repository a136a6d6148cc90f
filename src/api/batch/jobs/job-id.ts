import { randomUUID } from "node:crypto";

/**
 * An id for a new job: in the form of a version 4 UUID, as AWS's are (reference 1.6), its first 48 bits the time, its last 74 random.
 * Jobs submitted together then lie together in the database's index; wholly random ids touch a page each, which was
 * half of SQLite's CPU time for a submission.
 *
 * @param now epoch ms.
 */
export function newJobId(now: number): string {
  const time = now.toString(16).padStart(12, "0");
  return `${time.slice(0, 8)}-${time.slice(8)}${randomUUID().slice(13)}`;
}
