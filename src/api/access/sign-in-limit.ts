import type { Clock } from "../../ports/clock.ts";
import { tooManyRequestsException } from "../wire/errors.ts";

/** So many wrong tries at once, and one more for each so much time. */
interface Allowance {
  readonly tries: number;
  readonly oneMoreAfterMs: number;
}

const OF_ONE_SOURCE: Allowance = { tries: 10, oneMoreAfterMs: 30_000 };
/** Many sources may be one person's. */
const OF_ALL: Allowance = { tries: 200, oneMoreAfterMs: 1_000 };
/** Bounds the memory. Who has not tried for longest is forgotten. */
const MAX_SOURCES = 10_000;

interface Tries {
  left: number;
  /** Epoch ms. */
  countedAt: number;
}

/** Keeps secrets from being guessed: counts wrong tries, of each address and of all. */
export class SignInLimit {
  readonly #clock: Pick<Clock, "now">;
  readonly #bySource = new Map<string, Tries>();
  readonly #all: Tries;

  constructor(clock: Pick<Clock, "now">) {
    this.#clock = clock;
    this.#all = { left: OF_ALL.tries, countedAt: clock.now() };
  }

  /**
   * Before a try, which counts as a wrong one until it is known to be right.
   *
   * @returns what to call when it was right.
   * @throws TooManyRequestsException when there were too many wrong ones: even the right secret is not looked at then.
   */
  begin(address: string | undefined): () => void {
    const own = this.#triesOf(sourceOf(address));
    this.#refuseIfNone(own, OF_ONE_SOURCE);
    this.#refuseIfNone(this.#all, OF_ALL);
    own.left -= 1;
    this.#all.left -= 1;
    return () => {
      own.left += 1;
      this.#all.left += 1;
    };
  }

  #triesOf(source: string): Tries {
    const own = this.#bySource.get(source) ?? { left: OF_ONE_SOURCE.tries, countedAt: this.#clock.now() };
    this.#bySource.delete(source);
    this.#bySource.set(source, own);
    if (this.#bySource.size > MAX_SOURCES) this.#bySource.delete(this.#bySource.keys().next().value!);
    return own;
  }

  #refuseIfNone(tries: Tries, { tries: most, oneMoreAfterMs }: Allowance): void {
    const now = this.#clock.now();
    const passedMs = Math.max(0, now - tries.countedAt);
    tries.left = Math.min(most, tries.left + passedMs / oneMoreAfterMs);
    tries.countedAt = now;
    if (tries.left >= 1) return;
    const seconds = Math.ceil(((1 - tries.left) * oneMoreAfterMs) / 1000);
    throw tooManyRequestsException(
      `There were too many wrong tries to sign in. Try again in ${seconds} seconds.`,
      seconds,
    );
  }
}

/** Who has one IPv6 address has a network of them. */
function sourceOf(address = ""): string {
  const plain = address.replace(/^::ffff:/, "");
  return plain.includes(":") ? plain.split(":").slice(0, 4).join(":") : plain;
}
