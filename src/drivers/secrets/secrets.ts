import { matchesWildcard } from "../../core/wildcard.ts";
import type { Secrets } from "../../ports/secrets.ts";
import { SecretUnavailable } from "../../ports/secrets.ts";
import { parseReference } from "./reference.ts";
import type { SecretReference } from "./reference.ts";
import type { SecretSource } from "./source.ts";
import { readValue } from "./value.ts";

/** The secrets that the configuration file gives values. Of its entries the first one that matches counts. */
export function createSecrets(sources: readonly SecretSource[]): Secrets {
  const reading = new Map<string, Promise<string>>();

  /** Whoever asks while the value is being read gets that one: the children of an array start together. */
  function shared(key: string, read: () => Promise<string>): Promise<string> {
    const known = reading.get(key);
    if (known !== undefined) return known;
    const value = read().finally(() => reading.delete(key));
    reading.set(key, value);
    return value;
  }

  return {
    async valueOf(reference) {
      const parsed = parseReference(reference);
      const source = sourceOf(sources, reference, parsed);
      const value = await shared(JSON.stringify([source.match, parsed.names[0], parsed.version]), () =>
        readValue(source.from, parsed),
      );
      const picked = parsed.jsonKey === undefined ? value : memberOf(value, parsed.jsonKey, parsed.names[0]);
      if (picked.includes("\0"))
        throw new SecretUnavailable(`the secret ${reference} has a NUL character, which no program can be given`);
      return picked;
    },
  };
}

/** A value is of one version only; another one needs an entry that names it. */
function sourceOf(
  sources: readonly SecretSource[],
  reference: string,
  { names, version }: SecretReference,
): SecretSource {
  const candidates = version === undefined ? [reference, ...names] : [reference];
  const source = sources.find(({ match }) =>
    version === undefined || match.includes(version) ? candidates.some((name) => matchesWildcard(match, name)) : false,
  );
  if (source !== undefined) return source;
  throw new SecretUnavailable(
    `there is no value for the secret ${reference}: add an entry with "match": "${version === undefined ? names[0] : reference}" to "secrets" in the configuration file`,
  );
}

/** The words are the ECS agent's. A member that is no text is given as JSON. */
function memberOf(value: string, key: string, secret: string): string {
  const members = parsed(value);
  if (members === undefined)
    throw new SecretUnavailable(`the secret ${secret} is no JSON object, so it has no member ${key}`);
  const member = Object.hasOwn(members, key) ? members[key] : undefined;
  if (member === undefined)
    throw new SecretUnavailable(`retrieved secret from Secrets Manager did not contain json key ${key}: ${secret}`);
  return typeof member === "string" ? member : JSON.stringify(member);
}

/** The parser's error is not passed on: it quotes the text. */
function parsed(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}
