import type { ValueSource } from "../../drivers/secrets/source.ts";
import type { CredentialSource } from "../../drivers/secrets/role-source.ts";
import type { Matches } from "../../core/events/pattern.ts";
import { eventPattern, PatternFlaw } from "../../core/events/pattern.ts";
import { InputError } from "../../input/input-error.ts";
import type { JsonObject } from "../../input/json-object.ts";
import { resolve } from "node:path";
import { httpUrl } from "./http-url.ts";
import { oneOf } from "./one-of.ts";

interface AnyTarget {
  readonly name: string;
  readonly matches: Matches;
  readonly timeoutMs: number;
  readonly mostAttempts: number;
  readonly mostAgeMs: number;
}

export interface WebhookTarget extends AnyTarget {
  readonly type: "webhook";
  readonly url: string;
  readonly secret: ValueSource;
  readonly batch: number;
}

export interface EventBridgeTarget extends AnyTarget {
  readonly type: "eventbridge";
  readonly endpoint: string;
  readonly region: string;
  readonly eventBusName: string;
  readonly source: string;
  readonly credentials: CredentialSource;
}

export type TargetSetting = WebhookTarget | EventBridgeTarget;

const NAME = /^[A-Za-z0-9_.-]{1,64}$/;
const MOST_TARGETS = 100;

/** Where events are delivered. Secrets are named here, and are elsewhere. */
export function eventTargets(file: JsonObject, name: string, directory: string): TargetSetting[] {
  const targets = file.distinct(
    name,
    (entry) => target(entry, directory),
    (one) => one.name,
  );
  if (targets.length > MOST_TARGETS) file.fail(name, `must have no more than ${MOST_TARGETS} targets.`);
  return targets;
}

function target(entry: JsonObject, directory: string): TargetSetting {
  const required = <T>(name: string, read: (name: string) => T): T => entry.optional(name, read) ?? read(name);
  const name = required("name", (member) => entry.string(member));
  if (!NAME.test(name)) entry.fail("name", "must be up to 64 letters, digits, and any of _ . -");
  const type = required("type", (member) => entry.choice(member, ["webhook", "eventbridge"]));
  const seconds = (member: string, usual: number, most: number): number =>
    1000 * (entry.optional(member, (one) => entry.number(one, { least: 1, most })) ?? usual);
  const any: AnyTarget = {
    name,
    matches: entry.optional("filter", (member) => filter(entry, member)) ?? (() => true),
    timeoutMs: seconds("timeoutSeconds", 10, 300),
    mostAttempts: entry.optional("attempts", (one) => entry.number(one, { least: 1, most: 1_000 })) ?? 20,
    mostAgeMs: seconds("giveUpAfterSeconds", 86_400, 7 * 86_400),
  };
  const setting: TargetSetting =
    type === "webhook"
      ? {
          ...{ type, ...any },
          url: required("url", (member) => url(entry, member)),
          secret: required("secret", (member) => secret(entry.object(member), directory)),
          batch: entry.optional("batch", (one) => entry.number(one, { least: 1, most: 100 })) ?? 1,
        }
      : eventBridge(entry, any, directory);
  entry.end();
  return setting;
}

function eventBridge(entry: JsonObject, any: AnyTarget, directory: string): EventBridgeTarget {
  const region = entry.optional("region", (member) => entry.string(member)) ?? entry.string("region");
  if (!/^[a-z0-9-]{1,32}$/.test(region)) entry.fail("region", "must be a region's name, such as us-east-1.");
  return {
    ...{ type: "eventbridge", ...any, region },
    endpoint: entry.optional("endpoint", (member) => url(entry, member)) ?? `https://events.${region}.amazonaws.com/`,
    eventBusName: entry.optional("eventBusName", (member) => entry.string(member)) ?? "default",
    source: entry.optional("source", (member) => entry.string(member)) ?? "longshore.batch",
    credentials: entry.optional("credentials", (member) => credentials(entry.object(member), directory)) ?? {
      kind: "profile",
      name: "default",
    },
  };
}

function url(entry: JsonObject, name: string): string {
  const parsed = httpUrl(entry.string(name));
  return parsed?.href ?? entry.fail(name, "must be an http or https URL without user, password and fragment.");
}

function secret(entry: JsonObject, directory: string): ValueSource {
  const from = oneOf<ValueSource>(entry, {
    file: (name) => ({ kind: "file", path: resolve(directory, entry.string(name)) }),
    variable: (name) => ({ kind: "variable", name: entry.string(name) }),
    command: (name) => ({ kind: "command", command: entry.filled(name) }),
  });
  entry.end();
  return from;
}

function credentials(entry: JsonObject, directory: string): CredentialSource {
  const from = oneOf<CredentialSource>(entry, {
    profile: (name) => ({ kind: "profile", name: entry.string(name) }),
    file: (name) => ({ kind: "file", path: resolve(directory, entry.string(name)) }),
    command: (name) => ({ kind: "command", command: entry.filled(name) }),
  });
  entry.end();
  return from;
}

function filter(entry: JsonObject, name: string): Matches {
  try {
    return eventPattern(entry.value(name), entry.pathOf(name));
  } catch (error) {
    throw error instanceof PatternFlaw ? new InputError(error.message) : error;
  }
}
