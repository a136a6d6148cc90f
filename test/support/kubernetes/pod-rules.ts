import { wrongDnsLabel, wrongDnsSubdomain, wrongEnvName, wrongQualifiedName } from "./names.ts";
import { checkMetadata, Findings } from "./object-rules.ts";
import type { Container, Pod, PodSpec, Quantities } from "./objects.ts";
import { quantityMilli } from "./quantity.ts";
import { invalid } from "./refusals.ts";

/** The API server's validation of a new pod, of the parts that a client sends which runs jobs. */
export function checkPod(pod: Pod): void {
  const findings = new Findings();
  checkMetadata(pod.metadata, findings);
  checkSpec(pod.spec, findings);
  if (findings.causes.length > 0) throw invalid("Pod", pod.metadata.name, findings.causes);
}

function checkSpec(spec: PodSpec, findings: Findings): void {
  const volumes = new Set<string>();
  for (const [index, { name }] of (spec.volumes ?? []).entries()) {
    const field = `spec.volumes[${index}].name`;
    if ((name ?? "") === "") findings.required(field);
    else findings.wrong(field, name, wrongDnsLabel(name));
    if (volumes.has(name)) findings.duplicate(field, name);
    volumes.add(name);
  }
  if ((spec.containers ?? []).length === 0) findings.required("spec.containers");
  const names = new Set<string>();
  for (const [index, container] of (spec.containers ?? []).entries())
    checkContainer(container, `spec.containers[${index}]`, { names, volumes, findings });
  for (const [index, container] of (spec.initContainers ?? []).entries())
    checkContainer(container, `spec.initContainers[${index}]`, { names, volumes, findings });
  checkScheduling(spec, findings);
  if (!["Always", "OnFailure", "Never"].includes(spec.restartPolicy ?? "Always"))
    findings.unsupported("spec.restartPolicy", String(spec.restartPolicy), ["Always", "Never", "OnFailure"]);
  for (const member of ["terminationGracePeriodSeconds", "activeDeadlineSeconds"] as const) {
    const value = spec[member];
    const least = member === "activeDeadlineSeconds" ? 1 : 0;
    if (value !== undefined && (!Number.isInteger(value) || value < least || value > 2 ** 31 - 1))
      findings.wrong(`spec.${member}`, String(value), "must be greater than or equal to 0");
  }
}

function checkScheduling(spec: PodSpec, findings: Findings): void {
  for (const [index, { name }] of (spec.schedulingGates ?? []).entries())
    findings.wrong(`spec.schedulingGates[${index}]`, name, wrongQualifiedName(name));
  if (spec.nodeName !== undefined && (spec.schedulingGates ?? []).length > 0)
    findings.forbidden("spec.nodeName", "cannot be set until all schedulingGates have been cleared");
  for (const [index, { key, operator, effect, tolerationSeconds }] of (spec.tolerations ?? []).entries()) {
    const field = `spec.tolerations[${index}]`;
    if (key !== undefined && key !== "") findings.wrong(`${field}.key`, key, wrongQualifiedName(key));
    else if (operator !== "Exists")
      findings.wrong(
        `${field}.operator`,
        operator ?? "",
        'operator must be Exists when `key` is empty, which means "match all values and all keys"',
      );
    if (tolerationSeconds !== undefined && effect !== "NoExecute")
      findings.wrong(`${field}.effect`, effect ?? "", "effect must be 'NoExecute' when `tolerationSeconds` is set");
  }
}

interface Surroundings {
  readonly names: Set<string>;
  readonly volumes: ReadonlySet<string>;
  readonly findings: Findings;
}

function checkContainer(container: Container, field: string, { names, volumes, findings }: Surroundings): void {
  const { name, image } = container;
  if ((name ?? "") === "") findings.required(`${field}.name`);
  else findings.wrong(`${field}.name`, name, wrongDnsLabel(name));
  if (names.has(name)) findings.duplicate(`${field}.name`, name);
  names.add(name);
  if ((image ?? "") === "") findings.required(`${field}.image`);
  else if (image !== image.trim())
    findings.wrong(`${field}.image`, image, "must not have leading or trailing whitespace");
  if (!["Always", "IfNotPresent", "Never"].includes(container.imagePullPolicy ?? "Always"))
    findings.unsupported(`${field}.imagePullPolicy`, String(container.imagePullPolicy), [
      "Always",
      "IfNotPresent",
      "Never",
    ]);
  checkEnvironment(container, field, findings);
  checkResources(container.resources ?? {}, `${field}.resources`, findings);
  const paths = new Set<string>();
  for (const [index, mount] of (container.volumeMounts ?? []).entries()) {
    const at = `${field}.volumeMounts[${index}]`;
    if ((mount.name ?? "") === "") findings.required(`${at}.name`);
    else if (!volumes.has(mount.name)) findings.missing(`${at}.name`, mount.name);
    if ((mount.mountPath ?? "") === "") findings.required(`${at}.mountPath`);
    else if (paths.has(mount.mountPath)) findings.wrong(`${at}.mountPath`, mount.mountPath, "must be unique");
    paths.add(mount.mountPath);
  }
}

function checkEnvironment({ env = [] }: Container, field: string, findings: Findings): void {
  for (const [index, { name, value, valueFrom }] of env.entries()) {
    const at = `${field}.env[${index}]`;
    if ((name ?? "") === "") findings.required(`${at}.name`);
    else findings.wrong(`${at}.name`, name, wrongEnvName(name));
    if (valueFrom === undefined) continue;
    if ((value ?? "") !== "") findings.wrong(`${at}.valueFrom`, "", "may not be specified when `value` is not empty");
    const { secretKeyRef } = valueFrom;
    if (secretKeyRef === undefined) continue;
    if ((secretKeyRef.key ?? "") === "") findings.required(`${at}.valueFrom.secretKeyRef.key`);
    findings.wrong(`${at}.valueFrom.secretKeyRef.name`, secretKeyRef.name, wrongDnsSubdomain(secretKeyRef.name));
  }
}

interface Resources {
  readonly requests?: Quantities;
  readonly limits?: Quantities;
}

function checkResources({ requests = {}, limits = {} }: Resources, field: string, findings: Findings): void {
  for (const [name, value] of Object.entries(limits)) checkQuantity(name, value, `${field}.limits`, findings);
  for (const [name, value] of Object.entries(requests)) {
    checkQuantity(name, value, `${field}.requests`, findings);
    const [asked, most] = [quantityMilli(value), limits[name] === undefined ? undefined : quantityMilli(limits[name])];
    if (asked === undefined || most === undefined) continue;
    if (asked > most)
      findings.wrong(`${field}.requests`, value, `must be less than or equal to ${name} limit of ${limits[name]!}`);
    else if (isExtended(name) && asked !== most)
      findings.wrong(`${field}.requests`, value, `must be equal to ${name} limit of ${limits[name]!}`);
  }
  for (const name of Object.keys(requests))
    if (isExtended(name) && limits[name] === undefined)
      findings.required(`${field}.limits`, "Limit must be set for non overcommitable resources");
}

const NATIVE = new Set(["cpu", "memory", "ephemeral-storage"]);

function isExtended(name: string): boolean {
  return !NATIVE.has(name) && !name.startsWith("hugepages-");
}

function checkQuantity(name: string, value: string, field: string, findings: Findings): void {
  const at = `${field}[${name}]`;
  findings.wrong(at, name, wrongQualifiedName(name));
  if (isExtended(name) && !name.includes("/"))
    findings.wrong(at, name, "must be a standard resource type or fully qualified");
  const milli = quantityMilli(value);
  if (milli === undefined || milli < 0) findings.wrong(at, value, "must be greater than or equal to 0");
  else if (isExtended(name) && milli % 1000 !== 0) findings.wrong(at, value, "must be an integer");
}
