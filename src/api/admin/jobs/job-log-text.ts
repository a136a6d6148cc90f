import { givenParameters } from "../parameters.ts";
import { Readable } from "node:stream";
import type { LogPosition, LogQuery, LogReader } from "../../../ports/logs.ts";
import type { JobLog } from "../../../ports/job-logs.ts";
import type { Backend } from "../../batch/backend.ts";
import type { LogsBackend } from "../../logs/backend.ts";
import { readerOf, visibleFrom } from "../../logs/backend.ts";
import { requestedGroup, requireStream } from "../../logs/groups.ts";
import { ApiError, clientException } from "../../wire/errors.ts";
import type { Call } from "../../wire/operations.ts";
import { jobLogs } from "./job-logs.ts";

/** A log as text, one line after the other. */
export interface LogText {
  readonly fileName: string;
  readonly text: Readable;
}

const PARAMETERS = ["attempt", "node", "container", "timestamps"];
const PAGE_LINES = 10_000;
/** What another server passes on, it has in its memory at once. */
const MOST_PASSED_ON = 64 * 1024 * 1024;

/**
 * The output of one container of a job as it is now, for who may describe the job and read the log. Without parameters: of its last attempt that ran.
 *
 * @param search a URL's query, without its question mark: `attempt` from 1, `node`, `container`, `timestamps=true`.
 * @throws ClientException when the parameters name no log, or several; ResourceNotFoundException when there is no such job or log.
 */
export async function jobLogText(
  backend: Backend & { readonly logs: LogsBackend },
  call: Call,
  idOrArn: string,
  search: string,
): Promise<LogText> {
  const asked = readParameters(search);
  const { jobId, logs } = await jobLogs(backend, call, idOrArn);
  const log = chosen(logs, asked);
  const { logGroupName, logStreamName } = log;
  if (logGroupName === undefined) throw notFound("Its log driver takes the output elsewhere: none is kept here.");
  if (logStreamName === undefined) throw notFound(whyNone(log));
  const { region, account } = call;
  const arn = `arn:aws:logs:${region}:${account}:log-group:${logGroupName}:log-stream:${logStreamName}`;
  const denied = call.denial("logs:GetLogEvents", arn);
  if (denied !== undefined) throw denied;
  const group = await requestedGroup(backend.logs, call, { logGroupName });
  const stream = await requireStream(backend.logs, group, logStreamName);
  const from = visibleFrom(group, backend.clock.now());
  const range = {
    ...(from !== undefined && { startTime: from }),
    // What is written meanwhile would be followed for ever.
    ...(log.stoppedAt === undefined && { endTime: backend.clock.now() + 1 }),
  };
  const lines = linesOf(readerOf(backend.logs, stream), stream.logId, range, asked.timestamps);
  return { fileName: fileName(jobId, log), text: Readable.from(lines, { objectMode: false }) };
}

interface Asked {
  readonly attempt?: number;
  readonly node?: number;
  readonly container?: string;
  readonly timestamps: boolean;
}

function readParameters(search: string): Asked {
  const given = givenParameters(search, PARAMETERS);
  const numberOf = (name: "attempt" | "node", least: number): number | undefined => {
    const text = given.get(name);
    if (text === null) return undefined;
    const value = /^\d{1,6}$/.test(text) ? Number(text) : -1;
    if (value < least) throw clientException(`${name} must be a whole number from ${least} on.`);
    return value;
  };
  const timestamps = given.get("timestamps") ?? "false";
  if (timestamps !== "true" && timestamps !== "false") throw clientException("timestamps must be true or false.");
  const [attempt, node, container] = [numberOf("attempt", 1), numberOf("node", 0), given.get("container")];
  return {
    ...(attempt !== undefined && { attempt }),
    ...(node !== undefined && { node }),
    ...(container !== null && { container }),
    timestamps: timestamps === "true",
  };
}

function chosen(logs: readonly JobLog[], { attempt, node, container }: Asked): JobLog {
  const last = logs.at(-1)?.attempt;
  if (last === undefined) throw notFound("The job has not run yet: it has no attempt, and no log.");
  const number = attempt ?? logs.findLast(({ logStreamName }) => logStreamName !== undefined)?.attempt ?? last;
  const ofAttempt = logs.filter((log) => log.attempt === number);
  if (ofAttempt.length === 0) throw clientException(`attempt must be from 1 to ${last}: the job has no others.`);
  const ofNode = pick(ofAttempt, "node", node);
  return pick(ofNode, "container", container)[0]!;
}

/** Most that are named where one must be chosen. */
const MOST_NAMED = 20;

/** Where there is but one, it need not be named. */
function pick<Member extends "node" | "container">(
  logs: readonly JobLog[],
  member: Member,
  asked: JobLog[Member],
): readonly JobLog[] {
  const there = [...new Set(logs.map((log) => log[member]))];
  if (asked === undefined && there.length === 1) return logs;
  const found = logs.filter((log) => log[member] === asked);
  if (found.length > 0) return found;
  const named = there.filter((value) => value !== undefined);
  if (named.length === 0) throw clientException(`${member} must not be given: the job has no ${member}s.`);
  const more = named.length > MOST_NAMED ? `, or one of ${named.length - MOST_NAMED} more` : "";
  throw clientException(`${member} must be one of ${named.slice(0, MOST_NAMED).join(", ")}${more}.`);
}

function whyNone({ stoppedAt, reason }: JobLog): string {
  if (stoppedAt === undefined) return "It has not started yet: there is no log.";
  return `It never started, and has no log${reason === undefined ? "." : `: ${reason}`}`;
}

function notFound(message: string): ApiError {
  return new ApiError("ResourceNotFoundException", 404, message);
}

async function* linesOf(
  reader: LogReader,
  logId: string,
  range: Pick<LogQuery, "startTime" | "endTime">,
  timestamps: boolean,
): AsyncGenerator<string, undefined> {
  let position: LogPosition | "head" = "head";
  for (;;) {
    const page = await reader.read(logId, { position, direction: "forward", limit: PAGE_LINES, ...range });
    const isOver = page.events.length === 0 && page.forwardPosition === position;
    if (page.events.length > 0) yield textOf(page.events, timestamps);
    if (isOver) return undefined;
    position = page.forwardPosition;
  }
}

function textOf(
  events: readonly { readonly timestamp: number; readonly message: string }[],
  timestamps: boolean,
): string {
  const lines = events.map(({ timestamp, message }) =>
    timestamps ? `${new Date(timestamp).toISOString()} ${message}` : message,
  );
  return `${lines.join("\n")}\n`;
}

/**
 * The same as one buffer.
 *
 * @throws LogTooLarge, 413, when it is larger than what one server passes on for another.
 */
export async function wholeText({ text }: LogText): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of text as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > MOST_PASSED_ON) {
      text.destroy();
      throw new ApiError(
        "LogTooLargeException",
        413,
        "The log has more than 64 MiB, which only the server that leads gives: GET /longshore/servers tells which one that is.",
      );
    }
    chunks.push(Buffer.from(chunk));
  }
  return Buffer.concat(chunks);
}

/** Of characters that every file system takes, and no header minds. */
function fileName(jobId: string, { attempt, node, container }: JobLog): string {
  const parts = [jobId, `attempt-${attempt}`, ...(node === undefined ? [] : [`node-${node}`]), container ?? []].flat();
  return `${parts.join("_").replaceAll(/[^\w.-]/g, "-")}.log`;
}
