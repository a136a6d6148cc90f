/** Variables are replaced before a driver hears of them: Kubernetes is not to do it a second time. It reads `$$` as one dollar sign. */
export function escaped(text: string): string {
  return text.replaceAll("$", "$$$$");
}
