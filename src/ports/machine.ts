/** What clients are told of the machine that jobs run on, besides its size. */
export interface Machine {
  readonly architecture: "x86_64" | "arm64";
  /** IPv4, under which other machines know it. */
  readonly address: string;
  readonly hostName: string;
}
