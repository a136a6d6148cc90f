import { createSecrets } from "../drivers/secrets/secrets.ts";
import { createRoleCredentials } from "../drivers/secrets/role-credentials.ts";
import type { Clock } from "../ports/clock.ts";
import type { Target } from "../targets/delivery.ts";
import { eventBridge } from "../targets/eventbridge.ts";
import type { Sender } from "../targets/sender.ts";
import { webhook } from "../targets/webhook.ts";
import type { TargetSetting } from "./config/targets.ts";

/** Targets as the configuration file names them, with what they need of secrets. */
export function composedTargets(settings: readonly TargetSetting[], clock: Clock): Target[] {
  return settings.map((setting) => {
    const { name, matches, mostAttempts, mostAgeMs } = setting;
    return { name, matches, mostAttempts, mostAgeMs, sender: senderOf(setting, clock) };
  });
}

function senderOf(setting: TargetSetting, clock: Clock): Sender {
  const { name } = setting;
  if (setting.type === "webhook") {
    const secrets = createSecrets([{ match: "*", from: setting.secret }]);
    return webhook({ ...setting, secret: async () => (await secrets.valueOf(name)).trimEnd(), clock });
  }
  const credentials = createRoleCredentials([{ match: "*", from: setting.credentials }], clock);
  return eventBridge({ ...setting, credentials: () => credentials.of(name), clock });
}
