import type { WhatIfChanges } from "../../../../src/ports/what-if.ts";

/** What is changed, as it is written into the form and kept in the address: only what differs from now. */
export interface Draft {
  /** By queue. */
  readonly priorities: Readonly<Record<string, string>>;
  /** By queue: names of environments in their order. */
  readonly environments: Readonly<Record<string, readonly string[]>>;
  /** By environment. */
  readonly maxvCpus: Readonly<Record<string, string>>;
  /** By policy and share. */
  readonly weights: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** By job id. */
  readonly jobs: Readonly<Record<string, string>>;
}

export const NO_DRAFT: Draft = { priorities: {}, environments: {}, maxvCpus: {}, weights: {}, jobs: {} };

/** One change, in words, and where it could be made. */
export interface NamedChange {
  readonly text: string;
  /** Absent where there is no page for it. */
  readonly path?: string;
}

export function draftOf(text: string | null): Draft {
  if (text === null) return NO_DRAFT;
  try {
    const draft = JSON.parse(text) as Partial<Draft>;
    const isGood = Object.values(draft).every((part) => typeof part === "object" && part !== null);
    return isGood ? { ...NO_DRAFT, ...draft } : NO_DRAFT;
  } catch {
    return NO_DRAFT;
  }
}

/** Undefined when nothing is changed. */
export function textOf(draft: Draft): string | undefined {
  const parts = Object.entries(draft).filter(([, part]) => Object.keys(part as object).length > 0);
  return parts.length === 0 ? undefined : JSON.stringify(Object.fromEntries(parts));
}

/** Without the member where the value is that of now. */
export function withValue<T>(
  values: Readonly<Record<string, T>>,
  name: string,
  value: T,
  isAsNow: boolean,
): Readonly<Record<string, T>> {
  const { [name]: _, ...others } = values;
  return isAsNow ? others : { ...others, [name]: value };
}

export function changesOf({ priorities, environments, maxvCpus, weights, jobs }: Draft): WhatIfChanges {
  const queueNames = [...new Set([...Object.keys(priorities), ...Object.keys(environments)])];
  return {
    queues: queueNames.map((jobQueueName) => ({
      jobQueueName,
      ...(priorities[jobQueueName] !== undefined && { priority: Number(priorities[jobQueueName]) }),
      ...(environments[jobQueueName] !== undefined && { computeEnvironments: environments[jobQueueName] }),
    })),
    environments: Object.entries(maxvCpus).map(([computeEnvironmentName, value]) => ({
      computeEnvironmentName,
      maxvCpus: Number(value),
    })),
    policies: Object.entries(weights).map(([name, shares]) => ({
      name,
      shareDistribution: Object.entries(shares).map(([shareIdentifier, weight]) => ({
        shareIdentifier,
        weightFactor: Number(weight),
      })),
    })),
    jobs: Object.entries(jobs).map(([jobId, priority]) => ({ jobId, schedulingPriority: Number(priority) })),
  };
}

/** What is wrong with a number; undefined of a good one. */
export function numberError(text: string, least: number, most: number, isWhole = true): string | undefined {
  const value = text.trim() === "" ? Number.NaN : Number(text);
  if (value >= least && value <= most && (!isWhole || Number.isInteger(value))) return undefined;
  return `A ${isWhole ? "whole " : ""}number from ${least} to ${most.toLocaleString("en")}`;
}

export function hasError({ priorities, environments, maxvCpus, weights, jobs }: Draft): boolean {
  return [
    ...Object.values(priorities).map((text) => numberError(text, 0, 1_000)),
    ...Object.values(environments).map((names) => (names.length === 0 ? "none" : undefined)),
    ...Object.values(maxvCpus).map((text) => numberError(text, 1, 1e6)),
    ...Object.values(weights).flatMap((shares) =>
      Object.values(shares).map((text) => numberError(text, 0.0001, 999.9999, false)),
    ),
    ...Object.values(jobs).map((text) => numberError(text, 0, 9_999)),
  ].some((error) => error !== undefined);
}

/** With the links to where each could be made for good. */
export function namedChanges(draft: Draft): NamedChange[] {
  const { priorities, environments, maxvCpus, weights, jobs } = draft;
  const edit = (room: string, name: string, values: Readonly<Record<string, string>>): string =>
    `/${room}/${encodeURIComponent(name)}?${new URLSearchParams({ action: "edit", ...values })}`;
  return [
    ...Object.entries(priorities).map(([name, priority]) => ({
      text: `Queue ${name}: priority ${priority}`,
      path: edit("queues", name, { priority }),
    })),
    ...Object.entries(environments).map(([name, names]) => ({
      text: `Queue ${name}: environments ${names.join(", ")}`,
      path: edit("queues", name, { environments: names.join() }),
    })),
    ...Object.entries(maxvCpus).map(([name, value]) => ({
      text: `Environment ${name}: at most ${value} vCPUs`,
      path: edit("environments", name, { maxvCpus: value }),
    })),
    ...Object.entries(weights).map(([name, shares]) => ({
      text: `Policy ${name}: ${Object.entries(shares)
        .map(([share, weight]) => `weight factor of ${share} ${weight}`)
        .join(", ")}`,
      path: `/policies?${new URLSearchParams({ policy: name, action: "edit", weights: JSON.stringify(shares) })}`,
    })),
    ...Object.entries(jobs).map(([jobId, priority]) => ({
      text: `Job ${jobId}: scheduling priority ${priority}`,
      path: `/jobs/${encodeURIComponent(jobId).replaceAll("%3A", ":")}`,
    })),
  ];
}
