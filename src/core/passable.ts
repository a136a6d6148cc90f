/** Why no program can be started with these arguments and variables, whatever runs it: the kernel ends each of them at a NUL. Undefined: none has one. */
export function nulFlaw(texts: readonly string[]): string | undefined {
  if (!texts.some((text) => text.includes("\0"))) return undefined;
  return "an argument or environment variable contains a NUL character, which no program can receive";
}
