import type { FileHandle } from "node:fs/promises";
import { decodeMark, MARK_BYTES } from "./mark.ts";
import type { Mark } from "./mark.ts";

const BLOCK_MARKS = 512;
const CACHED_BLOCKS = 64;

/** The marks of one log as they were when the table was made, read by blocks as far as questions need them. */
export class MarkTable {
  readonly #file: FileHandle | undefined;
  readonly #blocks = new Map<number, Buffer>();
  #count: number;

  private constructor(file: FileHandle | undefined, count: number) {
    this.#file = file;
    this.#count = count;
  }

  /** A log without a sidecar has no marks. The file stays its owner's to close. */
  static async open(file: FileHandle | undefined): Promise<MarkTable> {
    const size = file === undefined ? 0 : (await file.stat()).size;
    const table = new MarkTable(file, Math.floor(size / MARK_BYTES));
    await table.#dropZeros();
    return table;
  }

  get count(): number {
    return this.#count;
  }

  /** The mark of this index, 0 <= index < count. */
  async at(index: number): Promise<Mark> {
    return decodeMark(await this.#block(Math.floor(index / BLOCK_MARKS)), index % BLOCK_MARKS);
  }

  async last(): Promise<Mark | undefined> {
    return this.#count === 0 ? undefined : this.at(this.#count - 1);
  }

  /** The index of the first mark that holds, given that all later ones hold too; `count` when none does. */
  async firstIndex(holds: (mark: Mark) => boolean): Promise<number> {
    let low = 0;
    let high = this.#count;
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      if (holds(await this.at(middle))) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  /** The marks of the bytes from `from` up to `to`, in order. The last one may end before `to`: what follows has no mark. */
  async over(from: number, to: number): Promise<Mark[]> {
    const marks: Mark[] = [];
    for (let index = await this.firstIndex((mark) => mark.end > from); index < this.#count; index += 1) {
      const mark = await this.at(index);
      marks.push(mark);
      if (mark.end >= to) break;
    }
    return marks;
  }

  /** A write that a power cut lost may have left zeros; no mark ends at 0. */
  async #dropZeros(): Promise<void> {
    while (this.#count > 0 && (await this.at(this.#count - 1)).end === 0) this.#count -= 1;
  }

  async #block(number: number): Promise<Buffer> {
    const cached = this.#blocks.get(number);
    if (cached !== undefined) return cached;
    const bytes = Buffer.alloc(BLOCK_MARKS * MARK_BYTES);
    await this.#file?.read(bytes, 0, bytes.length, number * bytes.length);
    if (this.#blocks.size >= CACHED_BLOCKS) this.#blocks.clear();
    this.#blocks.set(number, bytes);
    return bytes;
  }
}
