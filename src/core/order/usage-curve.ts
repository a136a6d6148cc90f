/** Twice as many points as are kept after thinning. */
const MAX_POINTS = 2_000;

/**
 * How much of the vCPUs one share has used, as a curve over time: the sum of milli-vCPU times ms up to each point, with straight lines between the
 * points and the present rate after the last one. So what was used in any window is a difference, whatever the window is today. The points are those
 * at which the rate changed; of very many, every second old one is left out, and what lies between its neighbours counts as used evenly.
 */
export class UsageCurve {
  #times: number[] = [];
  #totals: number[] = [];
  /** milli-vCPU. */
  #rate = 0;

  /** An attempt of so many milli-vCPU runs since `at`, epoch ms; perhaps since before the last point. */
  begin(vcpuMilli: number, at: number): void {
    this.#turn(vcpuMilli, at);
  }

  end(vcpuMilli: number, at: number): void {
    this.#turn(-vcpuMilli, at);
  }

  copy(): UsageCurve {
    const copy = new UsageCurve();
    copy.#times = [...this.#times];
    copy.#totals = [...this.#totals];
    copy.#rate = this.#rate;
    return copy;
  }

  /** What was used between the two times, in milli-vCPU times ms. */
  between(from: number, to: number): number {
    return Math.max(0, this.#totalAt(to) - this.#totalAt(from));
  }

  /** How fast what was used since `from` changes, as both ends of that time move on: milli-vCPU. */
  slope(from: number): number {
    return this.#rate - this.#rateAt(from);
  }

  /** The first time after `from` at which the rate changed. */
  turnAfter(from: number): number | undefined {
    return this.#times[this.#firstAfter(from)];
  }

  #turn(vcpuMilli: number, at: number): void {
    const after = this.#firstAfter(at);
    // A point at `at`, with the total that the curve had there.
    if (this.#times[after - 1] !== at) {
      const total = this.#totalAt(at);
      this.#times.splice(after, 0, at);
      this.#totals.splice(after, 0, total);
    }
    // What has happened since with the other rate.
    const { length } = this.#times;
    for (let index = this.#firstAfter(at); index < length; index += 1) {
      this.#totals[index]! += vcpuMilli * (this.#times[index]! - at);
    }
    this.#rate += vcpuMilli;
    if (length > MAX_POINTS) this.#thin();
  }

  #totalAt(time: number): number {
    const after = this.#firstAfter(time);
    if (after === 0) return this.#totals[0] ?? 0;
    const [t0, total] = [this.#times[after - 1]!, this.#totals[after - 1]!];
    if (after === this.#times.length) return total + this.#rate * (time - t0);
    return total + ((this.#totals[after]! - total) * (time - t0)) / (this.#times[after]! - t0);
  }

  #rateAt(time: number): number {
    const after = this.#firstAfter(time);
    if (after === 0) return 0;
    if (after === this.#times.length) return this.#rate;
    return (this.#totals[after]! - this.#totals[after - 1]!) / (this.#times[after]! - this.#times[after - 1]!);
  }

  /** Index of the first point later than `time`. */
  #firstAfter(time: number): number {
    let [low, high] = [0, this.#times.length];
    // The usual one is the last.
    if (high > 0 && this.#times[high - 1]! <= time) return high;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#times[middle]! <= time) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #thin(): void {
    const last = this.#times.length - 1;
    const isKept = (_: number, index: number): boolean => index % 2 === 0 || index === last;
    this.#times = this.#times.filter(isKept);
    this.#totals = this.#totals.filter(isKept);
  }
}
