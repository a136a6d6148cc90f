import type {
  EksContainer,
  EksContainerSecurityContext,
  EksPodProperties,
  EksProperties,
  EksVolume,
} from "@aws-sdk/client-batch";
import { DEFAULT_NAME } from "../../../core/submission/log-target.ts";
import { IMAGE_NAME } from "../names.ts";
import { METADATA_RULES } from "./pod-metadata-rules.ts";
import { POD_RESOURCE_RULES } from "./pod-resource-rules.ts";
import type { Rule } from "../rules.ts";
import { each, quotingRule, rule, within } from "../rules.ts";
import { VARIABLE_RULES } from "./variable-rules.ts";

const MAX_CONTAINERS = 10;
const CONTAINER_NAME = /^[A-Za-z0-9]([-A-Za-z0-9]{0,61}[A-Za-z0-9])?$/;
/** What Kubernetes calls a DNS subdomain name. */
const SUBDOMAIN = /^(?=.{1,253}$)[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const PULL_POLICIES: ReadonlySet<string> = new Set(["Always", "IfNotPresent", "Never"]);
const DNS_POLICIES: ReadonlySet<string> = new Set(["Default", "ClusterFirst", "ClusterFirstWithHostNet"]);

const SECURITY_RULES: readonly Rule<EksContainerSecurityContext>[] = [
  quotingRule("securityId", ({ runAsUser = 0, runAsGroup = 0 }) => {
    if (runAsUser < 0) return ["runAsUser"];
    return runAsGroup < 0 ? ["runAsGroup"] : undefined;
  }),
];

interface PodContainer {
  readonly container: EksContainer;
  readonly volumes: readonly EksVolume[];
}

const POD_CONTAINER_RULES: readonly Rule<PodContainer>[] = [
  rule("podImageRequired", ({ container }) => !container.image),
  quotingRule("imageName", ({ container: { image = "" } }) => (IMAGE_NAME.test(image) ? undefined : [image])),
  quotingRule("podContainerName", ({ container: { name = DEFAULT_NAME.eks } }) =>
    CONTAINER_NAME.test(name) ? undefined : [name],
  ),
  rule("pullPolicy", ({ container: { imagePullPolicy = "Always" } }) => !PULL_POLICIES.has(imagePullPolicy)),
  each(({ container }) => container.env, VARIABLE_RULES),
  rule("podMountPath", ({ container: { volumeMounts = [] } }) => volumeMounts.some(({ mountPath }) => !mountPath)),
  quotingRule("podMountTarget", ({ container: { volumeMounts = [] }, volumes }) => {
    const unknown = volumeMounts.find((mount) => !volumes.some(({ name }) => name === mount.name));
    return unknown === undefined ? undefined : [unknown.name ?? ""];
  }),
  within(({ container }) => container.resources, POD_RESOURCE_RULES),
  within(({ container }) => container.securityContext, SECURITY_RULES),
];

const REQUIRED_RULES: readonly Rule<EksContainer>[] = [
  quotingRule("podResourceRequired", ({ resources }) => {
    const given = { ...resources?.limits, ...resources?.requests };
    const missing = ["cpu", "memory"].find((kind) => given[kind] === undefined);
    return missing === undefined ? undefined : [missing];
  }),
];

const VOLUME_RULES: readonly Rule<EksVolume>[] = [
  quotingRule("podVolumeName", ({ name = "" }) => (SUBDOMAIN.test(name) ? undefined : [name])),
  quotingRule("podVolumeKind", (volume) => (kindsOf(volume) === 0 ? [volume.name!] : undefined)),
  rule("volumeKinds", (volume) => kindsOf(volume) > 1),
  rule("emptyDirMedium", ({ emptyDir }) => emptyDir?.medium !== undefined && !["", "Memory"].includes(emptyDir.medium)),
  rule("emptyDirSize", ({ emptyDir }) => emptyDir?.sizeLimit !== undefined && !/^\d{1,9}Mi$/.test(emptyDir.sizeLimit)),
  quotingRule("podSecretName", ({ secret }) => {
    const name = secret?.secretName ?? "";
    return secret === undefined || SUBDOMAIN.test(name) ? undefined : [name];
  }),
  quotingRule("claimName", ({ persistentVolumeClaim: claim }) => {
    const name = claim?.claimName ?? "";
    return claim === undefined || SUBDOMAIN.test(name) ? undefined : [name];
  }),
];

const POD_RULES: readonly Rule<EksPodProperties>[] = [
  rule("podContainersRequired", ({ containers = [] }) => containers.length === 0),
  quotingRule("podContainerCount", ({ containers = [], initContainers = [] }) => {
    if (containers.length > MAX_CONTAINERS) return ["containers"];
    return initContainers.length > MAX_CONTAINERS ? ["initContainers"] : undefined;
  }),
  each(({ volumes }) => volumes, VOLUME_RULES),
  each((pod) => allOf(pod).map((container) => ({ container, volumes: pod.volumes ?? [] })), POD_CONTAINER_RULES),
  quotingRule("podDuplicateContainers", (pod) => {
    const names = allOf(pod).map(({ name = DEFAULT_NAME.eks }) => name);
    const twice = names.find((name, index) => names.indexOf(name) < index);
    return twice === undefined ? undefined : [twice];
  }),
  rule("dnsPolicy", ({ dnsPolicy = "Default" }) => !DNS_POLICIES.has(dnsPolicy)),
  quotingRule("podSecretName", ({ imagePullSecrets = [] }) => {
    const bad = imagePullSecrets.find(({ name = "" }) => !SUBDOMAIN.test(name));
    return bad === undefined ? undefined : [bad.name ?? ""];
  }),
  within(({ metadata }) => metadata, METADATA_RULES),
  each(({ containers }) => containers, REQUIRED_RULES),
];

/** `eksProperties`: of a definition, and again of a job after its overrides (reference 3.4). */
export const EKS_PROPERTIES_RULES: readonly Rule<EksProperties>[] = [
  rule("podContainersRequired", ({ podProperties }) => podProperties === undefined),
  within(({ podProperties }) => podProperties, POD_RULES),
];

function allOf({ initContainers = [], containers = [] }: EksPodProperties): EksContainer[] {
  return [...initContainers, ...containers];
}

function kindsOf({ hostPath, emptyDir, secret, persistentVolumeClaim }: EksVolume): number {
  return [hostPath, emptyDir, secret, persistentVolumeClaim].filter((kind) => kind !== undefined).length;
}
