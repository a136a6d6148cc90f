/** One line of what the engine reports while it pulls. */
export interface PullReport {
  readonly status?: string;
  /** Of a layer. */
  readonly id?: string;
  readonly progressDetail?: { readonly current?: number; readonly total?: number };
}

interface Layer {
  readonly isThere: boolean;
  readonly bytes: number;
  /** Undefined until its download has begun. */
  readonly totalBytes?: number;
}

/** In the words of Docker. What Podman says has no layers that are worth counting. */
const NEW_LAYER = "Pulling fs layer";
const DOWNLOADED = new Set(["Verifying Checksum", "Download complete", "Extracting"]);
const THERE = new Set(["Pull complete", "Already exists"]);

/** How far the pull of an image is. */
export class PullProgress {
  readonly #image: string;
  readonly #layers = new Map<string, Layer>();
  #problem = "";

  constructor(image: string) {
    this.#image = image;
  }

  /** A try begins, and nothing is known of its layers. */
  begun(): void {
    this.#layers.clear();
    this.#problem = "";
  }

  /** A try failed; the next one follows after so long. */
  failed(why: string, delayMs: number): void {
    this.#problem = `${why}; next try after ${delayMs / 1000} s`;
  }

  reported({ status = "", id, progressDetail }: PullReport): void {
    if (id === undefined) return;
    const known = this.#layers.get(id);
    if (THERE.has(status)) this.#layers.set(id, { ...known, bytes: known?.totalBytes ?? 0, isThere: true });
    else if (status === NEW_LAYER) this.#layers.set(id, { bytes: 0, isThere: false });
    else if (known === undefined) return;
    else if (DOWNLOADED.has(status)) this.#layers.set(id, { ...known, bytes: known.totalBytes ?? 0 });
    else if (status === "Downloading") this.#layers.set(id, { ...known, ...downloaded(progressDetail) });
  }

  /** For people: `pulling image X: 3 of 7 layers, 41 %`. The share is of the bytes of those layers whose size is known. */
  get text(): string {
    const layers = [...this.#layers.values()];
    const total = layers.reduce((sum, { totalBytes = 0 }) => sum + totalBytes, 0);
    const bytes = layers.reduce((sum, layer) => sum + layer.bytes, 0);
    const there = layers.filter(({ isThere }) => isThere).length;
    const parts = [
      ...(layers.length === 0 ? [] : [`${there} of ${layers.length} layers`]),
      ...(total === 0 ? [] : [`${Math.floor((100 * bytes) / total)} %`]),
    ];
    const how = this.#problem || parts.join(", ");
    return `pulling image ${this.#image}${how === "" ? "" : `: ${how}`}`;
  }
}

function downloaded({ current = 0, total }: NonNullable<PullReport["progressDetail"]> = {}): Partial<Layer> {
  return { bytes: current, ...(total !== undefined && { totalBytes: total }) };
}
