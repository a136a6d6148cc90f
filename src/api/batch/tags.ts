import { validationException } from "../wire/errors.ts";
import { TEXTS } from "./texts.ts";

const ALLOWED = /^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$/u;

/** Reference 1.7. */
export function validateTags(tags: Record<string, string> | undefined): void {
  const entries = Object.entries(tags ?? {});
  if (entries.length > 50) throw validationException(TEXTS.tooManyTags);
  for (const [key, value] of entries) {
    if (/^aws:/i.test(key) || /^aws:/i.test(value)) throw validationException(TEXTS.tagReserved);
    if (key.length < 1 || key.length > 128 || !ALLOWED.test(key)) throw validationException(TEXTS.tagKey(key));
    if (value.length > 256 || !ALLOWED.test(value)) throw validationException(TEXTS.tagValue(key));
  }
}
