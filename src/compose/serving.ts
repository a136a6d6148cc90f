import { Forwarding } from "../api/servers/forwarding.ts";
import { LeaderClient } from "../api/servers/leader-client.ts";
import { ledScheduler } from "../engine/led-scheduler.ts";
import type { ServedApis } from "./apis.ts";
import { serveApis } from "./apis.ts";
import { clusterOf } from "./clusters.ts";
import { systemClock } from "./clock.ts";
import type { Closing } from "./closing.ts";
import type { Ground } from "./ground.ts";
import { jobsThatFit } from "./machine/jobs-that-fit.ts";
import { ledHosts, ledOutput, ledPresent, ledTargets, ledUsage } from "./servers/led-parts.ts";
import type { Standing } from "./servers/standing.ts";
import type { Settings } from "./settings.ts";
import type { Telemetry } from "./telemetry.ts";

/** The services over what is open. What only the leader has is asked of the office that there is when a request comes. */
export function serveStanding(
  settings: Settings,
  parts: Ground & { readonly standing: Standing; readonly telemetry: Telemetry; readonly opened: Promise<void> },
  closing: Closing,
): ServedApis {
  const { options, configuration, capacity, limits, prices, roles, logger, defaultRegion } = settings;
  const { store, access, backups, heap, seal, telemetry, opened } = parts;
  const { leading, servers } = parts.standing;
  const client = new LeaderClient(systemClock);
  closing.first(() => client.close());
  return serveApis({
    ...{ options, capacity, limits, prices, roles, logger, defaultRegion, clock: systemClock },
    ...{ store, access, backups, heap, servers, opened },
    runsElsewhere: (environment) =>
      environment.type === "UNMANAGED" || clusterOf(environment, configuration.clusters, options.driver) !== undefined,
    load: configuration.limits.load,
    maxJobs: configuration.limits.jobs ?? jobsThatFit(),
    role: () => leading.role,
    scheduler: ledScheduler(() => leading.office?.engine),
    hosts: ledHosts(() => leading.office?.hosts),
    output: ledOutput(() => leading.office?.logs),
    targets: ledTargets(() => leading.office?.targets),
    usageSamples: ledUsage(() => leading.office?.usage),
    present: ledPresent(() => leading.office?.recorder),
    ...{ metrics: telemetry.metrics, metricsToken: configuration.metrics.token },
    forwarding:
      seal && new Forwarding({ leadership: leading, admission: access.admission, seal, client, clock: systemClock }),
    logsRemoved: () => leading.office?.logKeeper.nudge(),
  });
}
