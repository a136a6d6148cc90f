import type { ContainerInspectInfo } from "dockerode";
import { AttemptFailure } from "../failure.ts";
import { LABEL } from "../names.ts";
import type { Provided } from "./provided.ts";

/** Shorter ones would blot out what is no secret. */
const LEAST_CHARACTERS = 4;

/** What log drivers say of their options quotes parts of them: the host of an address, say. */
const OF_LOG_DRIVER = /(failed to initialize logging driver|log-opts?|log opt\b).*$/s;

/** What the engine says, without the values of secrets that it may quote. */
export function withoutSecrets(
  text: string,
  { variables, logOptions }: Pick<Provided, "variables" | "logOptions">,
): string {
  const isOfLogDriver = Object.keys(logOptions).length > 0 && OF_LOG_DRIVER.test(text);
  if (isOfLogDriver)
    return text.replace(OF_LOG_DRIVER, "$1 (the engine's reason is left out: it may quote secretOptions)");
  const values = [...Object.values(variables), ...Object.values(logOptions)];
  const longestFirst = values.filter(({ length }) => length >= LEAST_CHARACTERS).sort((a, b) => b.length - a.length);
  return longestFirst.reduce((said, value) => said.replaceAll(value, "***"), text);
}

/** The same error, told without the values that the attempt was provided with. */
export function hideSecrets(error: unknown, provided: Provided): unknown {
  if (!(error instanceof AttemptFailure)) return error;
  const { variables, logOptions, login } = provided;
  const values = { ...variables, ...(login !== undefined && { "": login.password }) };
  error.message = withoutSecrets(error.message, { variables: values, logOptions });
  return error;
}

/** The secrets that a container was given, by the names in its label. */
export function secretsOfContainer({
  Config,
  HostConfig,
}: ContainerInspectInfo): Pick<Provided, "variables" | "logOptions"> {
  const names = new Set(JSON.parse(Config.Labels[LABEL.secrets] ?? "[]") as readonly string[]);
  const isSecret = ([name]: readonly [string, string]): boolean => names.has(name);
  const variables = (Config.Env ?? []).map((entry) => {
    const mark = entry.indexOf("=");
    return [entry.slice(0, mark), entry.slice(mark + 1)] as const;
  });
  const options = Object.entries((HostConfig.LogConfig?.Config ?? {}) as Record<string, string>);
  return {
    variables: Object.fromEntries(variables.filter(isSecret)),
    logOptions: Object.fromEntries(options.filter(isSecret)),
  };
}
