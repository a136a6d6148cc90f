/** Error texts of EC2: its own words where its documentation or its clients' reports have them, else ours. */
export const EC2_TEXTS = {
  malformedId: (id: string) => `Invalid id: "${id}"`,
  idsNotFound: (ids: readonly string[]) =>
    ids.length === 1
      ? `The instance ID '${ids[0]}' does not exist`
      : `The instance IDs '${ids.join(", ")}' do not exist`,
  filter: (name: string) => `The filter '${name}' is invalid`,
  maxResults: (value: string) =>
    `Value ( ${value} ) for parameter maxResults is invalid. Expecting a value from 5 to 1000.`,
  idsWithMaxResults: "The parameter instancesSet cannot be used with the parameter maxResults",
  missing: (parameter: string) => `The request must contain the parameter ${parameter}`,
  shareOfMachine: (id: string, environment: string) =>
    `The instance '${id}' stands for what compute environment ${environment} can use of this machine and cannot be terminated. Terminate its jobs instead.`,
  registeredHost: (id: string, host: string, environment: string) =>
    `The instance '${id}' is the host ${host} that was registered with compute environment ${environment}: it is taken away by removing the host.`,
  machineOfCluster: (id: string, machine: string, environment: string) =>
    `The instance '${id}' is the node ${machine} of the Kubernetes cluster of compute environment ${environment}: only its cluster can take it away.`,
  nextToken: "The specified NextToken is not valid.",
  tooMany: (parameter: string, most: number) => `${parameter} can have at most ${most} entries.`,
  dryRun: "Request would have succeeded, but DryRun flag is set.",
} as const;
