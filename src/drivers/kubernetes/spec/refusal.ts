/** The attempt cannot be a pod. `message` is what AWS shows as `container.reason`. */
export class Refusal extends Error {
  override readonly name = "Refusal";
}

/** What a pod has no words for. */
export function cannotSay(what: string, member: string): Refusal {
  return new Refusal(`CannotStartContainerError: a pod cannot ${what}: ${member}`);
}
