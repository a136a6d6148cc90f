import type { AttemptSpec } from "../../../ports/driver.ts";

/** A DNS label, as Kubernetes wants names of containers to be. */
const LABEL = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;

/** What the pod calls its containers: as the job does where Kubernetes takes that, otherwise by their numbers. In the order of the specs. */
export function containerNames(specs: readonly AttemptSpec[]): string[] {
  const wanted = specs.map(({ pod }) => pod?.name ?? "default");
  const taken = new Set(wanted);
  return wanted.map((name, index) => {
    if (LABEL.test(name)) return name;
    let own = `container-${index}`;
    while (taken.has(own)) own += "-0";
    taken.add(own);
    return own;
  });
}
