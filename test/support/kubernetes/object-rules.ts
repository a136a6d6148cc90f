import type { ObjectMeta } from "./objects.ts";
import type { Cause } from "./refusals.ts";
import { wrongDnsSubdomain, wrongLabelValue, wrongQualifiedName } from "./names.ts";

/** All annotations of an object together, in bytes. */
const MAX_ANNOTATIONS_BYTES = 256 * 1024;

/** What is wrong with an object, collected as the API server does before it answers 422. */
export class Findings {
  readonly causes: Cause[] = [];

  /** `value` as a Go `%q` or `%v` would show it. */
  wrong(field: string, value: string, text: string | undefined): void {
    if (text === undefined) return;
    this.causes.push({
      reason: "FieldValueInvalid",
      field,
      message: `Invalid value: ${JSON.stringify(value)}: ${text}`,
    });
  }

  required(field: string, text = ""): void {
    const message = `Required value${text === "" ? "" : `: ${text}`}`;
    this.causes.push({ reason: "FieldValueRequired", field, message });
  }

  duplicate(field: string, value: string): void {
    this.causes.push({ reason: "FieldValueDuplicate", field, message: `Duplicate value: ${JSON.stringify(value)}` });
  }

  missing(field: string, value: string): void {
    this.causes.push({ reason: "FieldValueNotFound", field, message: `Not found: ${JSON.stringify(value)}` });
  }

  unsupported(field: string, value: string, supported: readonly string[]): void {
    const known = supported.map((one) => JSON.stringify(one)).join(", ");
    const message = `Unsupported value: ${JSON.stringify(value)}: supported values: ${known}`;
    this.causes.push({ reason: "FieldValueNotSupported", field, message });
  }

  forbidden(field: string, text: string): void {
    this.causes.push({ reason: "FieldValueForbidden", field, message: `Forbidden: ${text}` });
  }

  tooLong(field: string, maxBytes: number): void {
    this.causes.push({
      reason: "FieldValueTooLong",
      field,
      message: `Too long: may not be more than ${maxBytes} bytes`,
    });
  }
}

export function checkMetadata(metadata: Partial<ObjectMeta>, findings: Findings): void {
  if (metadata.name === undefined || metadata.name === "")
    findings.required("metadata.name", "name or generateName is required");
  else findings.wrong("metadata.name", metadata.name, wrongDnsSubdomain(metadata.name));
  for (const [key, value] of Object.entries(metadata.labels ?? {})) {
    findings.wrong("metadata.labels", key, wrongQualifiedName(key));
    findings.wrong("metadata.labels", value, wrongLabelValue(value));
  }
  checkAnnotations(metadata.annotations ?? {}, findings);
  for (const [index, finalizer] of (metadata.finalizers ?? []).entries()) {
    const field = `metadata.finalizers[${index}]`;
    findings.wrong(field, finalizer, wrongQualifiedName(finalizer));
    if (!finalizer.includes("/"))
      findings.wrong(field, finalizer, "name is neither a standard finalizer name nor is it fully qualified");
  }
  for (const [index, owner] of (metadata.ownerReferences ?? []).entries())
    for (const member of ["apiVersion", "kind", "name", "uid"] as const)
      if ((owner[member] ?? "") === "")
        findings.wrong(`metadata.ownerReferences[${index}].${member}`, "", `${member} must not be empty`);
}

function checkAnnotations(annotations: Readonly<Record<string, string>>, findings: Findings): void {
  let bytes = 0;
  for (const [key, value] of Object.entries(annotations)) {
    findings.wrong("metadata.annotations", key, wrongQualifiedName(key.toLowerCase()));
    bytes += Buffer.byteLength(key) + Buffer.byteLength(value);
  }
  if (bytes > MAX_ANNOTATIONS_BYTES) findings.tooLong("metadata.annotations", MAX_ANNOTATIONS_BYTES);
}
