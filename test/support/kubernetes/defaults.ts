import type { Container, Pod, Toleration } from "./objects.ts";
import { wholeSeconds } from "./objects.ts";

/** What the API server fills in of a new pod before it keeps it, and the status that it gives it. */
export function withDefaults(pod: Pod): Pod {
  const { spec } = pod;
  const gates = spec.schedulingGates ?? [];
  const containers = spec.containers.map(containerWithDefaults);
  return {
    ...pod,
    spec: {
      restartPolicy: "Always",
      dnsPolicy: "ClusterFirst",
      schedulerName: "default-scheduler",
      securityContext: {},
      serviceAccountName: "default",
      serviceAccount: "default",
      enableServiceLinks: true,
      preemptionPolicy: "PreemptLowerPriority",
      priority: 0,
      terminationGracePeriodSeconds: 30,
      ...spec,
      containers,
      ...(spec.initContainers !== undefined && { initContainers: spec.initContainers.map(containerWithDefaults) }),
      tolerations: withDefaultTolerations(spec.tolerations ?? []),
    } as Pod["spec"],
    status: {
      phase: "Pending",
      qosClass: qosClass(containers),
      ...(gates.length > 0 && {
        conditions: [
          {
            type: "PodScheduled",
            status: "False",
            reason: "SchedulingGated",
            message: "Scheduling is blocked due to non-empty scheduling gates",
            lastTransitionTime: wholeSeconds(Date.now()),
          },
        ],
      }),
    },
  };
}

function containerWithDefaults(container: Container): Container {
  const isLatest = !/(:(?!latest$)[^/:]+|@sha256:.*)$/.test(container.image);
  const { limits, requests } = container.resources ?? {};
  const resources =
    limits === undefined && requests === undefined ? {} : { limits, requests: { ...limits, ...requests } };
  return {
    terminationMessagePath: "/dev/termination-log",
    terminationMessagePolicy: "File",
    imagePullPolicy: isLatest ? "Always" : "IfNotPresent",
    ...container,
    resources,
  } as Container;
}

/** Those of the admission plugin DefaultTolerationSeconds. */
function withDefaultTolerations(given: readonly Toleration[]): readonly Toleration[] {
  const more = ["node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"].filter(
    (key) =>
      !given.some(
        (one) => (one.key === key || (one.key ?? "") === "") && ["NoExecute", "", undefined].includes(one.effect),
      ),
  );
  return [
    ...given,
    ...more.map((key) => ({ key, operator: "Exists", effect: "NoExecute", tolerationSeconds: 300 }) as const),
  ];
}

function qosClass(containers: readonly Container[]): string {
  const has = (kind: "limits" | "requests", name: string): boolean =>
    containers.every(({ resources }) => resources?.[kind]?.[name] !== undefined);
  const same = (name: string): boolean =>
    has("limits", name) &&
    containers.every(({ resources }) => resources?.limits?.[name] === resources?.requests?.[name]);
  if (same("cpu") && same("memory")) return "Guaranteed";
  const any = containers.some(
    ({ resources }) => Object.keys({ ...resources?.limits, ...resources?.requests }).length > 0,
  );
  return any ? "Burstable" : "BestEffort";
}
