/** The last part of an ARN; a name is its own. */
export function nameOfArn(arn: string): string {
  return arn.slice(arn.lastIndexOf("/") + 1);
}

export function tagTexts(tags: Readonly<Record<string, string>> | undefined): string[] {
  return Object.entries(tags ?? {}).map(([key, value]) => `${key}=${value}`);
}
