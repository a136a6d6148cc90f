/** A person who does nothing for so long is not counted as being there, however busy the page is with itself. */
const COUNTS_FOR_MS = 60_000;
let lastAt = Date.now();

for (const kind of ["pointerdown", "keydown", "wheel"]) {
  window.addEventListener(kind, () => (lastAt = Date.now()), { passive: true, capture: true });
}

/** Whether a person has just done something here: sessions end when nobody has for long. */
export function isPersonActive(): boolean {
  return Date.now() - lastAt < COUNTS_FOR_MS;
}
