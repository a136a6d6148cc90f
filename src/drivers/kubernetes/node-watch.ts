import type { MachineOfCluster } from "../../ports/driver.ts";
import { messageOf, statusOf } from "./api/api-error.ts";
import type { Node } from "./api/objects.ts";
import type { WatchOptions } from "./api/watch.ts";
import { Watch } from "./api/watch.ts";
import { conditionOf, machineOf } from "./nodes.ts";
import type { NodeCondition } from "./pod-context.ts";

export interface NodeWatchOptions extends Pick<WatchOptions<Node>, "clock" | "client" | "closing"> {
  /** Told the name of each node that has become another one in something that counts. */
  readonly onChange: (name: string) => void;
  readonly onNotice: (message: string) => void;
}

/** The cluster's nodes, where it lets us see them. */
export class NodeWatch {
  readonly #options: NodeWatchOptions;
  /** Undefined: not seen. */
  #nodes: Map<string, Node> | undefined;
  readonly #asked = Promise.withResolvers<void>();

  constructor(options: NodeWatchOptions) {
    this.#options = options;
  }

  async run(): Promise<void> {
    const { clock, client, closing, onChange, onNotice } = this.#options;
    const watch = new Watch<Node>({
      ...{ clock, client, closing, path: "/api/v1/nodes" },
      onList: (nodes) => {
        const before = [...(this.#nodes?.keys() ?? [])];
        this.#nodes = new Map(nodes.map((node) => [node.metadata!.name!, node]));
        for (const name of new Set([...before, ...this.#nodes.keys()])) onChange(name);
        this.#asked.resolve();
      },
      onEvent: (type, node) => this.#changed(type, node),
      onFailure: (error) => {
        this.#asked.resolve();
        if (statusOf(error) !== 403) return false;
        this.#nodes = undefined;
        onNotice(`The cluster does not let Longshore see its nodes: it goes on without (${messageOf(error)})`);
        return true;
      },
    });
    await watch.run();
    this.#asked.resolve();
  }

  /** Resolves when the cluster has shown its nodes, or has not, for the first time. */
  get asked(): Promise<void> {
    return this.#asked.promise;
  }

  get isVisible(): boolean {
    return this.#nodes !== undefined;
  }

  condition(name: string): NodeCondition {
    return this.#nodes === undefined ? { kind: "unknown" } : conditionOf(this.#nodes.get(name));
  }

  idOf(name: string): string {
    return this.#nodes?.get(name)?.metadata?.uid ?? name;
  }

  /** @param attemptsOn of those that are there and not over, by the node's name. */
  machines(attemptsOn: ReadonlyMap<string, readonly string[]>): MachineOfCluster[] {
    return [...(this.#nodes ?? [])].map(([name, node]) => machineOf(node, attemptsOn.get(name) ?? []));
  }

  /** Nodes tell every few seconds that they are alive. */
  #changed(type: "ADDED" | "MODIFIED" | "DELETED", node: Node): void {
    const name = node.metadata!.name!;
    const before = this.#look(name);
    if (type === "DELETED") this.#nodes?.delete(name);
    else this.#nodes?.set(name, node);
    if (this.#look(name) !== before) this.#options.onChange(name);
  }

  #look(name: string): string {
    const node = this.#nodes?.get(name);
    return JSON.stringify([conditionOf(node), node === undefined ? null : machineOf(node, [])]);
  }
}
