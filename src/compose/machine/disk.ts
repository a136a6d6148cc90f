import { statfs } from "node:fs/promises";

/** The space of the file system that has a directory, as its user may use it. */
export async function diskSpace(
  directory: string,
): Promise<{ readonly freeBytes: number; readonly totalBytes: number } | undefined> {
  try {
    const { bsize, bavail, blocks } = await statfs(directory);
    return { freeBytes: bavail * bsize, totalBytes: blocks * bsize };
  } catch {
    return undefined;
  }
}
