import { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import type Dockerode from "dockerode";
import type { Architecture } from "./waiting-program.ts";
import { waitingProgram } from "./waiting-program.ts";

const REPOSITORY = "longshore/holder";
const TAG = "1";
const PROGRAM = "hold";

export const HOLDER = { image: `${REPOSITORY}:${TAG}`, entrypoint: [`/${PROGRAM}`] } as const;

/** Gives the engine the image of holders. Once more does no harm. */
export async function importHolderImage(docker: Dockerode, signal: AbortSignal): Promise<void> {
  const { Arch } = await docker.version();
  if (!isKnown(Arch)) throw new Error(`no program for containers of the architecture ${Arch}`);
  const archive = archiveOf(PROGRAM, waitingProgram(Arch));
  const options = { repo: REPOSITORY, tag: TAG, abortSignal: signal };
  const answer = await docker.importImage(Readable.from([archive]), options);
  const said = await text(answer as Readable);
  if (said.includes('"error"')) throw new Error(`the image ${HOLDER.image} could not be made: ${said.trim()}`);
}

function isKnown(architecture: string): architecture is Architecture {
  return architecture === "amd64" || architecture === "arm64";
}

const BLOCK_BYTES = 512;

/** A tar archive of one executable file. */
function archiveOf(name: string, content: Buffer): Buffer {
  const header = Buffer.alloc(BLOCK_BYTES);
  header.write(name, 0);
  header.write("0000755\0", 100); // mode
  header.write("0000000\0", 108); // owner
  header.write("0000000\0", 116); // group
  header.write(`${content.length.toString(8).padStart(11, "0")}\0`, 124);
  header.write("00000000000\0", 136); // time
  header.write("        0", 148); // blanks in place of the checksum; then the type, a file
  header.write("ustar\x0000", 257);
  const checksum = header.reduce((sum, byte) => sum + byte, 0);
  header.write(`${checksum.toString(8).padStart(6, "0")}\0 `, 148);
  const padding = Buffer.alloc((BLOCK_BYTES - (content.length % BLOCK_BYTES)) % BLOCK_BYTES);
  return Buffer.concat([header, content, padding, Buffer.alloc(2 * BLOCK_BYTES)]);
}
