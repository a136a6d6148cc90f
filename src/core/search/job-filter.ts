import type { JobState, JobStatus } from "../job.ts";

/** What is asked of jobs, with names resolved: all of it must hold; of a list, one entry is enough, but of `tags` all are needed. */
export interface JobFilter {
  readonly statuses: readonly JobStatus[];
  readonly name?: TextMatch;
  readonly definitions?: readonly DefinitionMatch[];
  readonly tags: readonly TagFilter[];
  readonly shares?: readonly string[];
  readonly created: TimeRange;
  readonly started: TimeRange;
  readonly stopped: TimeRange;
  /** Of the last attempt. */
  readonly exitCodes?: readonly number[];
  /** In small letters: a part of the statusReason, or of the last attempt's reason. */
  readonly reason?: string;
}

/** Whatever the case. `text` is in small letters. */
export interface TextMatch {
  readonly kind: "exact" | "prefix" | "part";
  readonly text: string;
}

export interface DefinitionMatch {
  readonly arn: string;
  readonly isPrefix: boolean;
}

export interface TagFilter {
  readonly key: string;
  /** Any, without one. */
  readonly value?: string;
}

/** Epoch ms; `from` is included, `to` is not. */
export interface TimeRange {
  readonly from?: number;
  readonly to?: number;
}

/** What a job and its array's children have in common. */
export interface JobHead {
  readonly name: string;
  readonly definitionArn: string;
  readonly shareIdentifier?: string | undefined;
  readonly createdAt: number;
}

export function matchesHead(filter: JobFilter, { name, definitionArn, shareIdentifier, createdAt }: JobHead): boolean {
  const { definitions, shares } = filter;
  return (
    isIn(filter.created, createdAt) &&
    matchesName(filter.name, name) &&
    (definitions === undefined || definitions.some((one) => isOf(one, definitionArn))) &&
    (shares === undefined || (shareIdentifier !== undefined && shares.includes(shareIdentifier)))
  );
}

/** Whether nothing is asked but what `matchesHead` and the status tell. */
export function asksOfState({ started, stopped, exitCodes, reason }: JobFilter): boolean {
  return isBounded(started) || isBounded(stopped) || exitCodes !== undefined || reason !== undefined;
}

export function matchesState({ started, stopped, exitCodes, reason }: JobFilter, state: JobState): boolean {
  const last = state.attempts.at(-1);
  const code = last?.exitCode;
  const says = (text: string | undefined): boolean => text !== undefined && text.toLowerCase().includes(reason!);
  return (
    isIn(started, state.startedAt) &&
    isIn(stopped, state.stoppedAt) &&
    (exitCodes === undefined || (code !== undefined && exitCodes.includes(code))) &&
    (reason === undefined || says(state.statusReason) || says(last?.reason))
  );
}

export function matchesTags(tags: readonly TagFilter[], has: Readonly<Record<string, string>>): boolean {
  return tags.every(({ key, value }) => Object.hasOwn(has, key) && (value === undefined || has[key] === value));
}

export function isBounded({ from, to }: TimeRange): boolean {
  return from !== undefined || to !== undefined;
}

function isIn(range: TimeRange, time: number | undefined): boolean {
  if (!isBounded(range)) return true;
  return time !== undefined && time >= (range.from ?? -Infinity) && time < (range.to ?? Infinity);
}

function matchesName(match: TextMatch | undefined, name: string): boolean {
  if (match === undefined) return true;
  const small = name.toLowerCase();
  if (match.kind === "exact") return small === match.text;
  return match.kind === "prefix" ? small.startsWith(match.text) : small.includes(match.text);
}

function isOf({ arn, isPrefix }: DefinitionMatch, definitionArn: string): boolean {
  return isPrefix ? definitionArn.startsWith(arn) : definitionArn === arn;
}
