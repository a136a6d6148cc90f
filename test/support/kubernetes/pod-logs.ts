import type { ServerResponse } from "node:http";
import type { ApiRequest } from "./api-request.ts";
import type { LogRequest } from "./container-log.ts";
import type { Kubelet } from "./kubelet.ts";
import type { Container, ContainerStatus, Pod } from "./objects.ts";
import { badRequest, notFound, Refusal } from "./refusals.ts";

const KUBELET_PORT = 10250;

/** Answers `GET …/pods/NAME/log`: the log of one container, once or for as long as it runs. */
export async function servePodLog(
  pod: Pod | undefined,
  request: ApiRequest,
  kubeletOf: (node: string) => Kubelet | undefined,
  response: ServerResponse,
): Promise<void> {
  if (pod === undefined) throw notFound("pods", request.name!);
  const container = chosen(pod, request.query.get("container") ?? undefined);
  const wanted = readRequest(request.query);
  const node = pod.spec.nodeName;
  if (node === undefined) {
    response.writeHead(200, { "content-type": "text/plain" }).end();
    return;
  }
  if (request.query.get("previous") === "true")
    throw badRequest(`previous terminated container "${container.name}" in pod "${pod.metadata.name}" not found`);
  const kubelet = kubeletOf(node);
  if (kubelet?.isOnline !== true) {
    const where = `https://${pod.status.hostIP ?? node}:${KUBELET_PORT}/containerLogs/${pod.metadata.namespace!}/${pod.metadata.name}/${container.name}`;
    const cause = `dial tcp ${pod.status.hostIP ?? node}:${KUBELET_PORT}: connect: connection refused`;
    throw new Refusal(500, "InternalError", `Internal error occurred: Get "${where}": ${cause}`);
  }
  const log = kubelet.worker(pod.metadata.uid)?.container(container.name)?.run?.log;
  if (log === undefined) {
    const cause = notReady(pod, container.name);
    if (cause !== undefined) throw badRequest(cause);
    response.writeHead(200, { "content-type": "text/plain" }).end();
    return;
  }
  response.writeHead(200, { "content-type": "text/plain" });
  response.flushHeaders();
  response.once("close", () => log.wake());
  await log.read(
    wanted,
    (text) => void response.write(text),
    () => !response.destroyed,
  );
  response.end();
}

function chosen({ metadata, spec }: Pod, name: string | undefined): Container {
  const all = [...spec.containers, ...(spec.initContainers ?? [])];
  if (name === undefined || name === "") {
    if (spec.containers.length === 1) return spec.containers[0]!;
    const names = spec.containers.map((one) => one.name).join(" ");
    const inits =
      spec.initContainers === undefined
        ? ""
        : ` or one of the init containers: [${spec.initContainers.map((one) => one.name).join(" ")}]`;
    throw badRequest(`a container name must be specified for pod ${metadata.name}, choose one of: [${names}]${inits}`);
  }
  const found = all.find((one) => one.name === name);
  if (found === undefined) throw badRequest(`container ${name} is not valid for pod ${metadata.name}`);
  return found;
}

function readRequest(query: URLSearchParams): LogRequest {
  const number = (name: string): number | undefined => {
    const text = query.get(name);
    if (text === null) return undefined;
    if (!/^\d+$/.test(text))
      throw new Refusal(422, "Invalid", `PodLogOptions "" is invalid: ${name}: Invalid value: ${JSON.stringify(text)}`);
    return Number(text);
  };
  const sinceTime = query.get("sinceTime");
  const sinceSeconds = number("sinceSeconds");
  if (sinceTime !== null && sinceSeconds !== undefined)
    throw new Refusal(
      422,
      "Invalid",
      `PodLogOptions "" is invalid: at most one of sinceTime or sinceSeconds may be specified`,
    );
  // A metav1.Time has whole seconds: what is finer is cut off.
  const since = sinceTime === null ? undefined : Math.floor(Date.parse(sinceTime) / 1000) * 1000;
  if (Number.isNaN(since))
    throw badRequest(`parsing time ${JSON.stringify(sinceTime)} as "2006-01-02T15:04:05Z07:00": cannot parse`);
  return {
    follow: query.get("follow") === "true",
    timestamps: query.get("timestamps") === "true",
    sinceMs: sinceSeconds === undefined ? since : Date.now() - sinceSeconds * 1000,
    tailLines: number("tailLines"),
    limitBytes: number("limitBytes"),
  };
}

/** The kubelet's words for a container that has no log yet. */
function notReady({ metadata, status }: Pod, name: string): string | undefined {
  const statuses: readonly ContainerStatus[] = [
    ...(status.containerStatuses ?? []),
    ...(status.initContainerStatuses ?? []),
  ];
  const found = statuses.find((one) => one.name === name);
  const which = `container "${name}" in pod "${metadata.name}"`;
  if (found === undefined) return `${which} is not available`;
  const reason = found.state.waiting?.reason;
  if (reason === undefined) return undefined;
  if (reason === "ErrImagePull") return `${which} is waiting to start: image can't be pulled`;
  if (reason === "ImagePullBackOff") return `${which} is waiting to start: trying and failing to pull image`;
  return `${which} is waiting to start: ${reason}`;
}
