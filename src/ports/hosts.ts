import type { HostCapacity } from "../core/instances/host.ts";

/** Machines that users have registered with their unmanaged environments. The API writes them; the engine removes those whose last job has ended. */
export interface HostTable {
  /** In order of registration. */
  all(): Promise<HostRecord[]>;
  /** In order of name. */
  ofEnvironment(environmentArn: string): Promise<HostRecord[]>;
  /** Undefined, and nothing done, when its environment has one of that name or is not there any more, or any host has the same engine. */
  insert(host: NewHost): Promise<HostRecord | undefined>;
  /** Undefined, and nothing done, when the host is not there, or in none of the states `from`. */
  changeState(
    number: number,
    state: HostRecord["state"],
    from: readonly HostRecord["state"][],
  ): Promise<HostRecord | undefined>;
  /** What its engine told of itself. */
  reported(number: number, engine: EngineFacts): Promise<void>;
  /** By id of the instance, the host that it stands for: those that have run. */
  instances(): Promise<ReadonlyMap<string, string>>;
}

export interface NewHost {
  readonly environmentArn: string;
  /** One of its environment. */
  readonly name: string;
  readonly way: EngineWay;
  /** How many GPUs its user says that it has; by default as many as its engine tells. */
  readonly gpus?: number;
  readonly engine: EngineFacts;
  /** Epoch ms. */
  readonly createdAt: number;
}

export interface HostRecord extends NewHost {
  /** Given once, whatever it is called. */
  readonly number: number;
  /** See core/instances/host.ts. */
  readonly state: "active" | "draining" | "removing" | "ending";
}

/** How the server reaches a container engine. */
export interface EngineWay {
  /** `unix:///path`, `ssh://[user@]host[:port][/path of the socket]` or `tcp://host:port`. */
  readonly endpoint: string;
  /** Of `tcp`: absolute paths of PEM files, read anew with each connection. */
  readonly tls?: { readonly ca: string; readonly cert: string; readonly key: string };
}

/** Whether a host answers. Times are epoch ms. */
export type HostSight =
  /** Since the server started, or the host was registered, nobody has seen it. */
  | { readonly kind: "connecting"; readonly since: number; readonly problem?: string }
  | { readonly kind: "in-sight"; readonly engine: EngineFacts }
  /** It does not answer. What runs there goes on, as far as anybody knows. */
  | { readonly kind: "out-of-sight"; readonly since: number; readonly problem: string }
  /** It has not answered for too long: what ran there is over. */
  | { readonly kind: "lost"; readonly since: number; readonly problem: string };

/** What a container engine tells of itself and of its machine. */
export interface EngineFacts extends HostCapacity {
  /** Two with the same id are the same engine. */
  readonly id: string;
  readonly version: string;
}

/** The connections to hosts, as the API sees them. */
export interface HostLinks {
  /** Connects to an engine, asks what it is, and hangs up. Rejects with an Error whose message says what keeps it from running jobs. */
  ask(way: EngineWay): Promise<EngineFacts>;
  /** Of a host that was just registered: from now on jobs can run there, as soon as it is in sight. */
  connect(host: HostRecord): Promise<void>;
  /** By id; undefined for a host that is not registered. */
  sightOf(hostId: string): HostSight | undefined;
  /** Whether an engine is the one that runs the containers of this machine. */
  isOwn(engine: EngineFacts): boolean;
}
