import type { ServiceName } from "../access/admission.ts";
import { parseBody } from "./body.ts";
import { compileDecoder } from "./decode.ts";
import type { ApiError } from "./errors.ts";
import { invalidParameterException, unknownOperationException } from "./errors.ts";
import { notAvailable } from "./not-available.ts";
import type { Call } from "./operations.ts";
import type { OperationSchema } from "./schema.ts";
import { isOperationSchema, readOperation } from "./schema.ts";

/** A service of the awsJson1.1 protocol. */
export interface JsonService {
  readonly name: ServiceName;
  /** What its targets begin with, such as `Logs_20140328.`. */
  readonly targetPrefix: string;
  /** The SDK's package with the schemas of its operations. Asked for when the service is first called: a server that starts does not pay for it. */
  readonly loadSdk: () => Promise<object>;
  /** By operation. An operation of the SDK without one answers that it is not available. */
  readonly handlers: Readonly<Record<string, ((input: never, call: Call) => Promise<object>) | undefined>>;
}

/** One operation, found by its target. */
export interface JsonOperation {
  readonly service: ServiceName;
  /** Rejects with an ApiError, or with what the handler threw. */
  run(body: Buffer | undefined, call: Call): Promise<object>;
}

/** Finds the operation of an X-Amz-Target. Throws UnknownOperationException when no service here has that target. */
export type AwsJson = (target: string) => Promise<JsonOperation>;

type Decode = (value: unknown) => Record<string, unknown>;

export function createAwsJson(services: readonly JsonService[], version: string): AwsJson {
  const decoders = new Map<string, Decode>();
  return async (target) => {
    const service = services.find(({ targetPrefix }) => target.startsWith(targetPrefix));
    if (service === undefined) throw unknownTarget(target);
    const name = target.slice(service.targetPrefix.length);
    const schema = schemaOf(await service.loadSdk(), name);
    if (schema === undefined) throw unknownTarget(target);
    const handler = Object.hasOwn(service.handlers, name) ? service.handlers[name] : undefined;
    return {
      service: service.name,
      run: async (body, call) => {
        if (handler === undefined) throw notAvailable(name, version);
        const decode = decoders.get(target) ?? decoderOf(schema);
        decoders.set(target, decode);
        return handler(decode(parseBody(body)) as never, call);
      },
    };
  };
}

/** Undefined when the SDK has no such operation. */
function schemaOf(sdk: object, name: string): OperationSchema | undefined {
  const exported = `${name}$`;
  const schema: unknown = Object.hasOwn(sdk, exported) ? sdk[exported as keyof object] : undefined;
  return isOperationSchema(schema) ? schema : undefined;
}

function decoderOf(schema: OperationSchema): Decode {
  return compileDecoder(readOperation(schema).input.members(), invalidParameterException);
}

function unknownTarget(target: string): ApiError {
  return unknownOperationException(
    `X-Amz-Target ${JSON.stringify(target.slice(0, 100))} is not an operation known here`,
  );
}
