import * as logs from "@aws-sdk/client-cloudwatch-logs";
import { parseBody } from "./body.ts";
import { compileDecoder } from "./decode.ts";
import { invalidParameterException, unknownOperationException } from "./errors.ts";
import { notAvailable } from "./not-available.ts";
import type { Call, LogsHandlers, LogsOperationName } from "./operations.ts";
import type { OperationSchema } from "./schema.ts";
import { readOperation } from "./schema.ts";

/** Answers one request of the awsJson1.1 protocol, given its X-Amz-Target. Rejects with an ApiError, or with what a handler threw. */
export type AwsJson = (target: string | undefined, body: Buffer | undefined, call: Call) => Promise<object>;

const SERVICE = "Logs_20140328.";

const OPERATIONS: Readonly<Record<LogsOperationName, OperationSchema>> = {
  GetLogEvents: logs.GetLogEvents$,
  FilterLogEvents: logs.FilterLogEvents$,
  DescribeLogGroups: logs.DescribeLogGroups$,
  DescribeLogStreams: logs.DescribeLogStreams$,
};

type AnyHandler = (input: never, call: Call) => Promise<object>;
type Decode = (value: unknown) => Record<string, unknown>;

/** Serves the CloudWatch Logs operations that read a job's output. */
export function createAwsJson(handlers: LogsHandlers, version: string): AwsJson {
  const decoders = new Map<string, Decode>();
  return async (target, body, call) => {
    const name = operationOf(target);
    const decode = decoders.get(name) ?? compileDecoder(membersOf(name), invalidParameterException);
    decoders.set(name, decode);
    const input = decode(parseBody(body));
    const handler: AnyHandler | undefined = handlers[name];
    if (handler === undefined) throw notAvailable(name, version);
    return handler(input as never, call);
  };
}

function membersOf(name: LogsOperationName) {
  return readOperation(OPERATIONS[name]).input.members();
}

function operationOf(target: string | undefined): LogsOperationName {
  if (target === undefined) {
    throw unknownOperationException(
      "POST / takes requests of CloudWatch Logs, which name their operation in the header X-Amz-Target. " +
        "The operations of AWS Batch are POST /v1/<operation>.",
    );
  }
  const name = target.startsWith(SERVICE) ? target.slice(SERVICE.length) : "";
  if (!isLogsOperation(name)) {
    throw unknownOperationException(
      `X-Amz-Target ${JSON.stringify(target.slice(0, 100))} is not an operation known here`,
    );
  }
  return name;
}

function isLogsOperation(name: string): name is LogsOperationName {
  return Object.hasOwn(OPERATIONS, name);
}
