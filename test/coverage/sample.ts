import type { BatchOperationName, BatchOutput } from "../../src/api/wire/operations.ts";
import type { Names, Said } from "../every-operation/world.ts";

/** Requests are data here: what is wrong with one, the server says. */
export type Send = <Op extends BatchOperationName>(operation: Op, input: object) => Promise<Said<BatchOutput<Op>>>;

/** Where samples act: a server that has one of everything, and a suffix that is new in each try. */
export interface Scene {
  readonly send: Send;
  readonly names: Names;
  readonly suffix: string;
}

/** A valid request that has many members, and how to see what each of them did. */
export interface Sample {
  readonly operation: BatchOperationName;
  /** Makes what the request is about, where that has to be new in each try, and gives the request. */
  readonly input: (scene: Scene) => object | Promise<object>;
  /**
   * What a client sees of the effect, beside the answer. Of what is stored: its description, which has the members where the request has
   * them. `known`: the members of the request and of the answer.
   */
  readonly see?: (scene: Scene, known: Known) => Promise<unknown>;
  /** Values to try in place of the sample's own, by `Shape.member`; others are made up. */
  readonly others?: Readonly<Record<string, unknown>>;
}

/** By what requests and answers name things. */
export interface Known {
  readonly computeEnvironmentName?: string;
  readonly jobQueueName?: string;
  readonly jobQueue?: string;
  readonly jobDefinitionArn?: string;
  readonly jobId?: string;
  readonly jobs?: readonly string[];
  readonly arn?: string;
  readonly resourceArn?: string;
  readonly quotaShareArn?: string;
  readonly serviceEnvironmentName?: string;
  readonly consumableResourceName?: string;
}
