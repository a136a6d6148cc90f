import { createHash } from "node:crypto";

/** One node of one attempt of a multi-node parallel job. */
export interface NodeOfAttempt {
  /** Of the attempt: that of all its nodes. */
  readonly id: string;
  readonly index: number;
}

/** Each node has an address of its own, on which it may listen on whatever port: one of the many that this machine has for itself. */
export interface NodeAddresses {
  /** The node's address, the same for all that runs on it. */
  take(attemptId: string, node: NodeOfAttempt): string;
  /** The address that an earlier server gave. */
  keep(attemptId: string, node: NodeOfAttempt, address: string): void;
  /** When all that runs on a node has let go of its address, another may have it. */
  release(attemptId: string): void;
}

/** What every machine has. */
export const LOOPBACK = "127.0.0.1";

interface Held {
  readonly address: string;
  readonly attemptIds: Set<string>;
}

/** @param hasMany whether the whole of 127.0.0.0/8 is this machine, as on Linux; elsewhere all nodes have the same address. */
export function createNodeAddresses(hasMany: boolean): NodeAddresses {
  const heldByNode = new Map<string, Held>();
  const nodeByAttempt = new Map<string, string>();
  const used = new Set<string>();

  function hold(attemptId: string, node: NodeOfAttempt, address: string): string {
    const key = keyOf(node);
    const held = heldByNode.get(key) ?? { address, attemptIds: new Set() };
    held.attemptIds.add(attemptId);
    heldByNode.set(key, held);
    nodeByAttempt.set(attemptId, key);
    used.add(held.address);
    return held.address;
  }

  return {
    take(attemptId, node) {
      if (!hasMany) return LOOPBACK;
      const known = heldByNode.get(keyOf(node))?.address;
      return hold(attemptId, node, known ?? freeAddress(node, used));
    },
    keep: (attemptId, node, address) => void (address !== LOOPBACK && hold(attemptId, node, address)),
    release(attemptId) {
      const key = nodeByAttempt.get(attemptId);
      nodeByAttempt.delete(attemptId);
      const held = key === undefined ? undefined : heldByNode.get(key);
      if (key === undefined || held === undefined) return;
      held.attemptIds.delete(attemptId);
      if (held.attemptIds.size > 0) return;
      heldByNode.delete(key);
      used.delete(held.address);
    },
  };
}

function keyOf({ id, index }: NodeOfAttempt): string {
  return `${id}/${index}`;
}

/** By the attempt, so that it is the same again after a crash; of those that come after it the first that is free. */
function freeAddress({ id, index }: NodeOfAttempt, used: ReadonlySet<string>): string {
  const first = createHash("sha256").update(id).digest().readUInt32BE(0) + index;
  for (let position = first; ; position += 1) {
    const address = addressAt(position);
    if (!used.has(address) || position - first > ADDRESSES) return address;
  }
}

/** 127.1.0.1 to 127.254.255.254: not 127.0.x.y, where machines have services of their own, and no first or last address of a net of 256. */
const ADDRESSES = 254 * 256 * 254;

function addressAt(position: number): string {
  const place = position % ADDRESSES;
  return `127.${1 + Math.floor(place / (256 * 254))}.${Math.floor(place / 254) % 256}.${1 + (place % 254)}`;
}
