/** GOARCH names, as engines tell theirs. */
export type Architecture = "amd64" | "arm64";

/**
 * A program that does nothing until it is killed, for an image with nothing else in it: the engine has none that is sure to be there, and nothing
 * may have to be pulled. It ignores SIGCHLD first, so that the kernel clears away what it inherits as process 1 of a task's process namespace.
 */
export function waitingProgram(architecture: Architecture): Buffer {
  const { machine, code } = CODES[architecture];
  const body = Buffer.concat([Buffer.from(code.join("").replaceAll(" ", ""), "hex"), IGNORE]);
  return Buffer.concat([elfHeader(machine), loadSegment(body.length), body]);
}

/** The kernel's struct sigaction with the handler SIG_IGN. Follows the code. */
const IGNORE = Buffer.concat([Buffer.from([1]), Buffer.alloc(31)]);

const CODES: Record<Architecture, { readonly machine: number; readonly code: readonly string[] }> = {
  amd64: {
    machine: 62,
    code: [
      "b8 0d 00 00 00", //            mov eax, 13           rt_sigaction
      "bf 11 00 00 00", //            mov edi, 17           SIGCHLD
      "48 8d 35 13 00 00 00", //      lea rsi, [rip + 19]   IGNORE
      "31 d2", //                     xor edx, edx
      "41 ba 08 00 00 00", //         mov r10d, 8           the size of a signal set
      "0f 05", //                     syscall
      "b8 22 00 00 00", //      wait: mov eax, 34           pause
      "0f 05", //                     syscall
      "eb f7", //                     jmp wait
    ],
  },
  arm64: {
    machine: 183,
    code: [
      "20 02 80 d2", //               mov x0, 17            SIGCHLD
      "81 01 00 10", //               adr x1, . + 48        IGNORE
      "02 00 80 d2", //               mov x2, 0
      "03 01 80 d2", //               mov x3, 8             the size of a signal set
      "c8 10 80 d2", //               mov x8, 134           rt_sigaction
      "01 00 00 d4", //               svc 0
      "00 00 80 d2", //         wait: mov x0, 0
      "01 00 80 d2", //               mov x1, 0
      "02 00 80 d2", //               mov x2, 0
      "03 00 80 d2", //               mov x3, 0
      "28 09 80 d2", //               mov x8, 73            ppoll
      "01 00 00 d4", //               svc 0
      "fa ff ff 17", //               b wait
    ],
  },
};

const HEADER_BYTES = 64;
const SEGMENT_BYTES = 56;
const BASE = 0x40_0000n;
/** The largest page size of the two architectures. */
const PAGE_BYTES = 0x1_0000n;

function elfHeader(machine: number): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  header.write("\x7fELF", "latin1");
  header.set([2, 1, 1], 4); // 64 bits, little-endian, version 1
  header.writeUInt16LE(2, 16); // an executable at fixed addresses
  header.writeUInt16LE(machine, 18);
  header.writeUInt32LE(1, 20);
  header.writeBigUInt64LE(BASE + BigInt(HEADER_BYTES + SEGMENT_BYTES), 24); // where it begins
  header.writeBigUInt64LE(BigInt(HEADER_BYTES), 32); // where the segments are told
  header.writeUInt16LE(HEADER_BYTES, 52);
  header.writeUInt16LE(SEGMENT_BYTES, 54);
  header.writeUInt16LE(1, 56); // one segment
  return header;
}

/** The whole file, to be read and executed. */
function loadSegment(bodyBytes: number): Buffer {
  const segment = Buffer.alloc(SEGMENT_BYTES);
  const fileBytes = BigInt(HEADER_BYTES + SEGMENT_BYTES + bodyBytes);
  segment.writeUInt32LE(1, 0); // PT_LOAD
  segment.writeUInt32LE(5, 4); // read and execute
  segment.writeBigUInt64LE(0n, 8);
  segment.writeBigUInt64LE(BASE, 16);
  segment.writeBigUInt64LE(BASE, 24);
  segment.writeBigUInt64LE(fileBytes, 32);
  segment.writeBigUInt64LE(fileBytes, 40);
  segment.writeBigUInt64LE(PAGE_BYTES, 48);
  return segment;
}
