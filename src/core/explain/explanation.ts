import type { JobStatus } from "../job.ts";
import type { Blocker } from "./blockers.ts";
import type { ShareTurns } from "./share-standings.ts";
import type { EnvironmentVerdict, Obstacle } from "./obstacles.ts";

/** Why a job is where it is. Nothing but JSON. */
export interface Explanation {
  readonly jobId: string;
  readonly jobQueue: string;
  readonly status: JobStatus;
  /** One sentence for people. */
  readonly answer: string;
  /** What its containers wait for while it is STARTING, as far as their driver tells: images that are being pulled. */
  readonly waitsFor?: readonly string[];
  /** Of an array: the first of its children that wait, which the rest of this is about. */
  readonly nextChild?: string;
  /** All that keeps it from starting; empty when the next tick starts it, or when it has started. */
  readonly blockers: readonly Stated<Blocker>[];
  /** Its place among the RUNNABLE jobs of its queue. */
  readonly position?: Position;
  /** In a queue with a fair-share policy: what its share has used, and the shares whose turn comes first. */
  readonly shares?: ShareTurns;
  /** When it starts, if what runs takes as long as it is expected to, or as its timeout allows. Of jobs that wait. */
  readonly estimate?: Estimate;
  /** What became of its attempts so far. */
  readonly attempts: readonly AttemptStory[];
}

/** With a sentence that says it, and one that says what to do about it. */
export type Stated<Fact> = Fact extends { readonly environments: readonly EnvironmentVerdict[] }
  ? Omit<Fact, "environments"> & Sentences & { readonly environments: readonly StatedVerdict[] }
  : Fact & Sentences;

export interface Sentences {
  readonly text: string;
  readonly fix: string;
}

export interface StatedVerdict extends Omit<EnvironmentVerdict, "obstacles"> {
  readonly obstacles: readonly (Obstacle & Sentences)[];
}

/** From 1. Behind many jobs, only that they are more than so many is known. */
export type Position = { readonly place: number } | { readonly moreThan: number };

/** Epoch ms; or why nobody can know. */
export type Estimate = { readonly at: number } | { readonly unknown: string };

/** What one attempt that is over came to. */
export interface AttemptStory {
  readonly number: number;
  /** `infrastructure`: its host was taken away or lost, which says nothing about the program. */
  readonly end: "succeeded" | "failed" | "out-of-memory" | "infrastructure" | "stopped" | "not-started";
  readonly startedAt?: number;
  readonly stoppedAt: number;
  readonly exitCode?: number;
  readonly reason?: string;
  readonly statusReason?: string;
  /** The number, from 1, of the entry of the job's `evaluateOnExit` that such a failure meets: it decides whether there is another attempt. */
  readonly retryRule?: number;
}
