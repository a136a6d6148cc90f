/** What a queue or an environment is called in metrics. */
export interface ResourceLabels {
  readonly account: string;
  readonly region: string;
  readonly name: string;
}

/** Those beyond the limit together. */
const OTHER: ResourceLabels = { account: "", region: "", name: "other" };

/** Names for at most so many resources, the first ones; all others have one together, however many there are. */
export class ResourceNames {
  readonly #known = new Map<string, ResourceLabels>();
  readonly #limit: number;

  constructor(limit: number) {
    this.#limit = limit;
  }

  of(arn: string): ResourceLabels {
    const known = this.#known.get(arn);
    if (known !== undefined) return known;
    if (this.#known.size >= this.#limit) return OTHER;
    const [, , , region = "", account = "", path = ""] = arn.split(":");
    const labels = { account, region, name: path.slice(path.indexOf("/") + 1) };
    this.#known.set(arn, labels);
    return labels;
  }
}
