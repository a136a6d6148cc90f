import type { Clock } from "../../ports/clock.ts";
import type { DriverEvent } from "../../ports/driver.ts";
import type { CursorPlace } from "../output/cursor.ts";
import type { EngineLink } from "./engine/link.ts";
import type { Measuring } from "./usage/measuring.ts";
import type { NetworkPool } from "./networks/network-pool.ts";
import type { NodeNetworks } from "./networks/node-network.ts";
import type { Sources } from "./container/provided.ts";
import type { ImagePuller } from "./images/pull.ts";
import type { ContainerSettings } from "./container/spec.ts";
import type { StartNotes } from "./container/start-notes.ts";
import type { Slots } from "../waiting/slots.ts";

/** What all attempts of a driver share. */
export interface AttemptContext {
  readonly clock: Clock;
  readonly link: EngineLink;
  readonly pulls: ImagePuller;
  readonly networks: NodeNetworks;
  readonly pool: NetworkPool;
  /** To make a container and to start it. */
  readonly slots: Slots;
  /** How many attempts are about to start. */
  readonly starting: () => number;
  readonly measuring: Measuring;
  readonly asked: StartNotes;
  readonly output: CursorPlace;
  readonly settings: ContainerSettings;
  /** Told when the engine says why it cannot limit what containers write. */
  readonly onStorageUnlimited: (why: string) => void;
  readonly sources: Sources;
  readonly report: (event: DriverEvent) => void;
  readonly onNotice: (message: string) => void;
}

/** Ids of what its container shares with other containers. */
export interface Shares {
  /** Of one container of several. */
  readonly taskId?: string | undefined;
  /** Of a node: its job's attempt. */
  readonly nodesId?: string | undefined;
}
