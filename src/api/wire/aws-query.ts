import type { ServiceName } from "../access/admission.ts";
import type { Answer } from "./answer.ts";
import { ApiError } from "./errors.ts";
import type { Call } from "./operations.ts";
import type { QueryParameters } from "./query-parameters.ts";
import { parseQueryParameters } from "./query-parameters.ts";
import type { XmlMembers } from "./xml.ts";
import { xmlElement } from "./xml.ts";

/** A service that is asked with a form (or a URL's query) and answers in XML. There are two ways to write the XML, `awsQuery` and `ec2Query`. */
export interface QueryService {
  readonly name: ServiceName;
  readonly protocol: QueryProtocol;
  /** The version of the API that requests name. */
  readonly version: string;
  readonly namespace: string;
  /** By action. */
  readonly handlers: Readonly<Record<string, QueryHandler>>;
  /** Actions that change something: a URL alone, which any page can have a browser visit, does not call them. */
  readonly changing?: readonly string[];
}

export type QueryProtocol = "awsQuery" | "ec2Query";

export type QueryHandler = (parameters: QueryParameters, call: Call) => Promise<XmlMembers>;

/** One operation, found by its action and version. */
export interface QueryOperation {
  readonly service: ServiceName;
  readonly isChanging: boolean;
  /** Rejects with an ApiError, or with what the handler threw. */
  run(call: Call): Promise<Answer>;
}

/** @throws ApiError when the parameters name no operation that is answered here. */
export type AwsQuery = (search: string, body: Buffer | undefined) => QueryOperation;

export function createAwsQuery(services: readonly QueryService[]): AwsQuery {
  return (search, body) => {
    const parameters = parseQueryParameters(search, body);
    const service = serviceOf(services, parameters);
    const { action, handler } = handlerOf(service, parameters);
    return {
      service: service.name,
      isChanging: service.changing?.includes(action) === true,
      run: async (call) => outputOf(service, action, await handler(parameters, call), call.requestId),
    };
  };
}

function serviceOf(services: readonly QueryService[], parameters: QueryParameters): QueryService {
  const version = parameters.get("Version");
  if (version === undefined)
    throw new ApiError("MissingParameter", 400, "The request must contain the parameter Version");
  const service = services.find((one) => one.version === version);
  if (service !== undefined) return service;
  const known = services.map((one) => `${one.version} (${one.name})`).join(", ");
  throw new ApiError("NoSuchVersion", 400, `The version ${quote(version)} is of no service here: ${known} are`);
}

function handlerOf({ handlers }: QueryService, parameters: QueryParameters) {
  const action = parameters.get("Action");
  if (action === undefined)
    throw new ApiError("MissingAction", 400, "The request is missing an action or a required parameter");
  const handler = Object.hasOwn(handlers, action) ? handlers[action] : undefined;
  if (handler !== undefined) return { action, handler };
  const known = Object.keys(handlers).join(", ");
  throw new ApiError(
    "InvalidAction",
    400,
    `The action ${quote(action)} is not valid for this web service, which answers ${known} here.`,
  );
}

function quote(text: string): string {
  return JSON.stringify(text.slice(0, 100));
}

function outputOf(
  { protocol, namespace }: QueryService,
  action: string,
  output: XmlMembers,
  requestId: string,
): Answer {
  const members: XmlMembers =
    protocol === "awsQuery"
      ? { [`${action}Result`]: output, ResponseMetadata: { RequestId: requestId } }
      : { requestId, ...output };
  return xmlAnswer(200, xmlElement(`${action}Response`, members, namespace));
}

/** The wire form of an error that the clients of a protocol read. */
export function queryErrorAnswer(error: ApiError, requestId: string, protocol: QueryProtocol): Answer {
  const { code, status } = inTermsOf(protocol, error);
  const Message = error.textFor(requestId);
  const body =
    protocol === "awsQuery"
      ? xmlElement("ErrorResponse", {
          Error: { Type: status < 500 ? "Sender" : "Receiver", Code: code, Message },
          RequestId: requestId,
        })
      : xmlElement("Response", { Errors: { Error: { Code: code, Message } }, RequestID: requestId });
  return xmlAnswer(status, body, error.headers);
}

/** What these services call errors that all have (their pages "Common Errors"); anything else keeps its name. */
const COMMON_ERRORS: Readonly<
  Record<string, Readonly<Record<QueryProtocol, readonly [code: string, status: number]>>>
> = {
  UnrecognizedClientException: { awsQuery: ["InvalidClientTokenId", 403], ec2Query: ["AuthFailure", 401] },
  InvalidSignatureException: { awsQuery: ["SignatureDoesNotMatch", 403], ec2Query: ["SignatureDoesNotMatch", 403] },
  IncompleteSignatureException: { awsQuery: ["IncompleteSignature", 400], ec2Query: ["IncompleteSignature", 400] },
  MissingAuthenticationTokenException: {
    awsQuery: ["MissingAuthenticationToken", 403],
    ec2Query: ["MissingAuthenticationToken", 403],
  },
  ExpiredTokenException: { awsQuery: ["ExpiredToken", 403], ec2Query: ["RequestExpired", 400] },
  AccessDeniedException: { awsQuery: ["AccessDenied", 403], ec2Query: ["UnauthorizedOperation", 403] },
  TooManyRequestsException: { awsQuery: ["Throttling", 400], ec2Query: ["RequestLimitExceeded", 503] },
  ServerException: { awsQuery: ["InternalFailure", 500], ec2Query: ["InternalError", 500] },
};

function inTermsOf(protocol: QueryProtocol, error: ApiError): { code: string; status: number } {
  const [code, status] = COMMON_ERRORS[error.code]?.[protocol] ?? [error.code, error.status];
  return { code, status };
}

function xmlAnswer(status: number, body: string, headers: Readonly<Record<string, string>> = {}): Answer {
  return {
    status,
    headers: { ...headers, "content-type": "text/xml;charset=UTF-8" },
    body: Buffer.from(`<?xml version="1.0" encoding="UTF-8"?>\n${body}`),
  };
}
