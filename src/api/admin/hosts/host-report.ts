import { activeAttempt } from "../../../core/job.ts";
import { hostId } from "../../../core/instances/host.ts";
import type { HostReport } from "../../../ports/host-reports.ts";
import type { HostLinks, HostRecord } from "../../../ports/hosts.ts";
import type { Scheduler } from "../../../ports/scheduler.ts";
import { nameOf } from "../../batch/names.ts";

export interface HostViews {
  readonly links: Pick<HostLinks, "sightOf">;
  readonly scheduler: Pick<Scheduler, "instances" | "occupancy">;
}

export function reportHost({ links, scheduler }: HostViews, record: HostRecord): HostReport {
  const { environmentArn, name, number, way, state, engine, gpus = engine.gpus, createdAt } = record;
  const id = hostId(name, number);
  const sight = links.sightOf(id) ?? { kind: "connecting", since: createdAt };
  const use = scheduler.instances(environmentArn)?.find(({ instance }) => instance.host === id);
  const onIt = scheduler
    .occupancy(environmentArn)
    ?.jobs.filter((job) => use !== undefined && activeAttempt(job.state)?.instanceIds?.includes(use.instance.id));
  const type = use?.instance.type;
  return {
    ...{ name, computeEnvironment: nameOf(environmentArn), computeEnvironmentArn: environmentArn },
    endpoint: way.endpoint,
    state: state === "ending" ? "removing" : state,
    sight: sight.kind,
    ...(sight.kind !== "in-sight" && { unseenSince: sight.since }),
    ...("problem" in sight && sight.problem !== undefined && { problem: sight.problem }),
    total: { vcpus: engine.vcpuMilli / 1000, memoryMiB: engine.memoryMiB, gpus },
    architecture: engine.architecture,
    engineVersion: engine.version,
    inUse: {
      vcpus: ((type?.vcpuMilli ?? 0) - (use?.free.vcpuMilli ?? 0)) / 1000,
      memoryMiB: (type?.memoryMiB ?? 0) - (use?.free.memoryMiB ?? 0),
      gpus: (type?.gpus ?? 0) - (use?.free.gpus ?? 0),
    },
    jobs: (onIt ?? []).map((job) => job.id).sort(),
    ...(use !== undefined && { instanceId: use.instance.id }),
    registeredAt: createdAt,
  };
}
