/**
 * Whether a text fits a pattern in which `*` stands for any characters, also none, and `?` for exactly one. Walks back to the last `*`
 * only, so that no pattern takes longer than its length times the text's.
 */
export function matchesWildcard(pattern: string, text: string): boolean {
  let at = 0;
  let textAt = 0;
  let lastStar = -1;
  let starTook = 0;
  while (textAt < text.length) {
    if (pattern[at] === "*") {
      lastStar = at++;
      starTook = textAt;
    } else if (at < pattern.length && (pattern[at] === "?" || pattern[at] === text[textAt])) {
      at += 1;
      textAt += 1;
    } else if (lastStar >= 0) {
      at = lastStar + 1;
      textAt = ++starTook;
    } else return false;
  }
  while (pattern[at] === "*") at += 1;
  return at === pattern.length;
}
