/** The last part of an ARN: a queue's name, a definition's `name:revision`, a task's id. What is no ARN is its own name. */
export function nameOfArn(arn: string): string {
  return arn.slice(arn.lastIndexOf("/") + 1);
}

export function queuePath(arn: string): string {
  return `/queues/${encodeURIComponent(nameOfArn(arn))}`;
}

export function environmentPath(arn: string): string {
  return `/environments/${encodeURIComponent(nameOfArn(arn))}`;
}

export function consumablePath(arn: string): string {
  return `/consumables?name=${encodeURIComponent(nameOfArn(arn))}`;
}

/** The page of all revisions, at the one that is meant. */
export function definitionPath(arn: string): string {
  const [name = "", revision] = nameOfArn(arn).split(":");
  return `/definitions/${encodeURIComponent(name)}${revision === undefined ? "" : `?revision=${revision}`}`;
}
