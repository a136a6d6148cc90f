import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { InputError } from "../../input/input-error.ts";
import type { JsonObject } from "../../input/json-object.ts";

/** Shorter ones could be guessed. */
const LEAST_LENGTH = 16;

export interface MetricsSettings {
  /** With which /metrics may be read where keys are asked for. */
  readonly token?: string;
}

/** The file is read once, at the start. */
export function metricsSettings(section: JsonObject, directory: string): MetricsSettings {
  const token = section.optional("tokenFile", (name) => {
    const path = resolve(directory, section.string(name));
    return tokenIn(path, section.path);
  });
  section.end();
  return token === undefined ? {} : { token };
}

function tokenIn(path: string, member: string): string {
  let token: string;
  try {
    token = readFileSync(path, "utf8").trim();
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new InputError(`${member}.tokenFile cannot be read (${why}).`);
  }
  if (token.length >= LEAST_LENGTH && /^[\x21-\x7e]+$/.test(token)) return token;
  throw new InputError(
    `${member}.tokenFile must have one token in it, of ${LEAST_LENGTH} visible ASCII characters at least, as \`openssl rand -hex 32\` makes one.`,
  );
}
