import type * as batch from "@aws-sdk/client-batch";
import type * as logs from "@aws-sdk/client-cloudwatch-logs";
import type * as ecs from "@aws-sdk/client-ecs";
import type { ApiError } from "./errors.ts";

/** What a handler knows of the request besides its input. */
export interface Call {
  /** A UUID; the same that the answer carries as `x-amzn-RequestId`. */
  readonly requestId: string;
  /** Twelve digits: the caller's. */
  readonly account: string;
  /** From the SigV4 credential scope, else the server's default. */
  readonly region: string;
  readonly caller: Caller;
  /** The header of that name, where it is one (W3C Trace Context). */
  readonly traceparent?: string;
  /**
   * Why the caller may not do an action (`batch:TerminateJob`) on a resource (an ARN, or `*`), in AWS's words; undefined when it may.
   * Asked for every operation before its handler runs; handlers ask where one request is about many resources.
   */
  readonly denial: (action: string, resource: string) => ApiError | undefined;
}

/** Who calls, as STS GetCallerIdentity tells it. */
export interface Caller {
  /** Twelve digits. */
  readonly account: string;
  readonly arn: string;
  readonly userId: string;
  /** As the request gave it, known or not. */
  readonly accessKeyId?: string;
  /** The known access key that the call is made on behalf of: the caller's own, or for a job that calls, its submitter's. */
  readonly keyId?: string;
}

/** The operation names of an SDK package: every exported `<Name>Command`. */
type OperationName<Sdk> = {
  [Key in keyof Sdk]: Key extends `${infer Name}Command` ? (Name extends "$" | "" ? never : Name) : never;
}[keyof Sdk];

type CommandOf<Sdk, Op extends string> = `${Op}Command` extends keyof Sdk
  ? Sdk[`${Op}Command`] extends new (...args: never[]) => infer Command
    ? Command
    : never
  : never;

type InputOf<Command> = Command extends { readonly input: infer Input } ? Decoded<Input> : never;

type OutputOf<Command> = Command extends {
  resolveMiddleware: (...args: never[]) => (...args: never[]) => Promise<{ output: infer Output }>;
}
  ? Omit<Output, "$metadata">
  : never;

/**
 * An SDK shape as the decoder gives it. The SDK types a required member as `T | undefined`; after decoding it is there,
 * on every level. Assignable to the SDK's own type.
 */
export type Decoded<T> = T extends string | number | boolean | undefined
  ? T
  : T extends (infer Item)[]
    ? Decoded<Item>[]
    : {
        [Key in keyof T]: T extends Record<Key, unknown> ? Decoded<Exclude<T[Key], undefined>> : Decoded<T[Key]>;
      };

/** One of AWS Batch's operations, such as `"SubmitJob"`. */
export type BatchOperationName = OperationName<typeof batch>;

/** A decoded request: types checked, required members there, unknown members and nulls gone. */
export type BatchInput<Op extends BatchOperationName> = InputOf<CommandOf<typeof batch, Op>>;

/** What the operation answers. Members that are undefined are left out on the wire. */
export type BatchOutput<Op extends BatchOperationName> = OutputOf<CommandOf<typeof batch, Op>>;

/**
 * The operations that the server can do. A handler rejects with an `ApiError` to answer an error; anything else that
 * it throws becomes a ServerException. An operation without a handler answers a ClientException that says so.
 */
export type BatchHandlers = {
  readonly [Op in BatchOperationName]?: (input: BatchInput<Op>, call: Call) => Promise<BatchOutput<Op>>;
};

/** The operations of CloudWatch Logs that are served: those with which groups, streams and events are made, read and removed. */
export type LogsOperationName =
  | "CreateLogGroup"
  | "DeleteLogGroup"
  | "CreateLogStream"
  | "DeleteLogStream"
  | "PutLogEvents"
  | "PutRetentionPolicy"
  | "DeleteRetentionPolicy"
  | "PutLogGroupDeletionProtection"
  | "TagResource"
  | "UntagResource"
  | "ListTagsForResource"
  | "TagLogGroup"
  | "UntagLogGroup"
  | "ListTagsLogGroup"
  | "GetLogEvents"
  | "FilterLogEvents"
  | "DescribeLogGroups"
  | "DescribeLogStreams";

export type LogsInput<Op extends LogsOperationName> = InputOf<CommandOf<typeof logs, Op>>;

export type LogsOutput<Op extends LogsOperationName> = OutputOf<CommandOf<typeof logs, Op>>;

export type LogsHandlers = {
  readonly [Op in LogsOperationName]?: (input: LogsInput<Op>, call: Call) => Promise<LogsOutput<Op>>;
};

/** The ECS operations with which Batch clients look at what runs their jobs. */
export type EcsOperationName =
  | "DescribeTasks"
  | "ListTasks"
  | "DescribeContainerInstances"
  | "ListContainerInstances"
  | "DescribeClusters"
  | "ListClusters";

export type EcsInput<Op extends EcsOperationName> = InputOf<CommandOf<typeof ecs, Op>>;

export type EcsOutput<Op extends EcsOperationName> = OnTheWire<OutputOf<CommandOf<typeof ecs, Op>>>;

export type EcsHandlers = {
  readonly [Op in EcsOperationName]?: (input: EcsInput<Op>, call: Call) => Promise<EcsOutput<Op>>;
};

/** An SDK shape as awsJson carries it: times are seconds since the epoch, with a fraction. */
export type OnTheWire<T> = T extends Date
  ? number
  : T extends (infer Item)[]
    ? OnTheWire<Item>[]
    : T extends object
      ? { [Key in keyof T]: OnTheWire<T[Key]> }
      : T;
