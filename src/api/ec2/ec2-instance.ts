/** An instance as EC2's XML names its members. */
export type Ec2Instance = {
  readonly instanceId: string;
  readonly instanceState: { readonly code: number; readonly name: string };
  readonly privateDnsName: string;
  /** The public name: there is none. */
  readonly dnsName: "";
  readonly amiLaunchIndex: number;
  readonly instanceType: string;
  readonly launchTime: string;
  readonly placement: { readonly availabilityZone: string; readonly groupName: ""; readonly tenancy: "default" };
  readonly monitoring: { readonly state: "disabled" };
  readonly privateIpAddress: string;
  readonly architecture: string;
  readonly instanceLifecycle?: "spot" | undefined;
  readonly tagSet: readonly { readonly key: string; readonly value: string }[];
};
