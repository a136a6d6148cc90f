/** Error texts of ECS: its own words where they are known from its clients' reports, else ours. */
export const ECS_TEXTS = {
  clusterNotFound: "Cluster not found.",
  otherAccount: (theirs: string, ours: string) => `Identifier is for ${theirs}. Your accountId is ${ours}`,
  otherRegion: (theirs: string, ours: string) => `Identifier is for ${theirs}. Your region is ${ours}`,
  otherCluster: (theirs: string, ours: string) =>
    `Invalid identifier: Identifier is for cluster ${theirs}. Your cluster is ${ours}`,
  resourceType: (type: string) => `Unsupported resource type: ${type}`,
  idLength: (noun: string) => `${noun} length should be one of [32,36]`,
  empty: (member: string) => `${member} cannot be empty.`,
  tooMany: (member: string, most: number) => `${member} can have at most ${most} entries.`,
  maxResults: (most: number) => `maxResults must be between 1 and ${most}.`,
  nextToken: "The nextToken is not valid for this request.",
  value: (member: string, value: string, valid: readonly string[]) =>
    `${member} ${JSON.stringify(value)} is not valid. Valid values: [${valid.join(", ")}]`,
  filter: "filter is not supported here.",
} as const;
