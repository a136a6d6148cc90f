import { InputError } from "../../input/input-error.ts";
import type { JobKind, Workload, WorkloadJob } from "./workload.ts";
import { jobKinds, workloadOf } from "./workload.ts";

/** Columns of the Standard Workload Format, from 0: https://www.cs.huji.ac.il/labs/parallel/workload/swf.html */
const FIELD = {
  submit: 1,
  run: 3,
  allocatedProcessors: 4,
  usedMemoryKiB: 6,
  requestedProcessors: 7,
  requestedSeconds: 8,
  requestedMemoryKiB: 9,
  status: 10,
  user: 11,
  queue: 14,
} as const;

const FIELDS = 18;

/** More than any field has; times in ms still are whole numbers. */
const MOST = 1e10;

const STATUS = { failed: 0, cancelled: 5 } as const;

/** Parts of jobs that were stopped and went on: the whole job has a line of its own, with another status. */
const PARTIAL: ReadonlySet<number> = new Set([2, 3, 4]);

/** Of a job that somebody cancelled while it ran: ended by SIGTERM. */
const TERMINATED = 143;

type LeftOut = "without a run time" | "without processors" | "that are parts of others" | "cancelled before they ran";

/** Reads a trace in the Standard Workload Format, a line at a time. A processor is a vCPU; the user is the share. Rejects with InputError. */
export async function readSwf(lines: AsyncIterable<string> | Iterable<string>): Promise<Workload> {
  const jobs: WorkloadJob[] = [];
  const leftOut = new Map<LeftOut, number>();
  const kindOf = jobKinds();
  let number = 0;
  for await (const line of lines) {
    number += 1;
    const text = line.trim();
    if (text === "" || text.startsWith(";")) continue;
    const job = toJob(fieldsOf(text, number), kindOf);
    if (typeof job === "string") leftOut.set(job, (leftOut.get(job) ?? 0) + 1);
    else jobs.push(job);
  }
  return workloadOf(
    jobs,
    [...leftOut].map(([which, count]) => `${count} jobs ${which} are left out.`),
  );
}

function fieldsOf(text: string, line: number): readonly number[] {
  const words = text.split(/\s+/);
  if (words.length !== FIELDS)
    throw new InputError(
      `line ${line} has ${words.length} fields; a job of the Standard Workload Format has ${FIELDS}.`,
    );
  return words.map((word, index) => {
    const value = Number(word);
    if (!Number.isFinite(value)) throw new InputError(`line ${line}, field ${index + 1}: "${word}" is no number.`);
    if (Math.abs(value) > MOST) throw new InputError(`line ${line}, field ${index + 1}: "${word}" is too large.`);
    return value;
  });
}

function toJob(fields: readonly number[], kindOf: (kind: JobKind) => JobKind): WorkloadJob | LeftOut {
  const field = (name: keyof typeof FIELD): number => fields[FIELD[name]]!;
  const known = (name: keyof typeof FIELD): number | undefined => (field(name) > 0 ? field(name) : undefined);
  const status = field("status");
  if (PARTIAL.has(status)) return "that are parts of others";
  if (status === STATUS.cancelled && known("run") === undefined) return "cancelled before they ran";
  if (field("run") < 0) return "without a run time";
  const vcpus = known("requestedProcessors") ?? known("allocatedProcessors");
  if (vcpus === undefined) return "without processors";
  const memoryKiB = known("requestedMemoryKiB") ?? known("usedMemoryKiB") ?? 0;
  // Without an estimate of its user it is expected to run as long as it did.
  const expectedSeconds = known("requestedSeconds") ?? Math.max(1, Math.ceil(field("run")));
  return {
    submitMs: Math.round(field("submit") * 1000),
    runMs: Math.round(field("run") * 1000),
    exitCode: status === STATUS.failed ? 1 : status === STATUS.cancelled ? TERMINATED : 0,
    kind: kindOf({
      vcpus,
      memoryMiB: Math.ceil((memoryKiB * vcpus) / 1024),
      gpus: 0,
      ...(field("queue") >= 0 && { queue: String(field("queue")) }),
      ...(field("user") >= 0 && { share: `user${field("user")}` }),
      expectedSeconds,
    }),
  };
}
