import { constants } from "node:fs";
import { open } from "node:fs/promises";
import { join, normalize } from "node:path";
import { SecretUnavailable } from "../../ports/secrets.ts";
import { outputOf } from "./command.ts";
import { codeOf } from "./error-code.ts";
import type { SecretReference } from "./reference.ts";
import type { ValueSource } from "./source.ts";

/** AWS's limit for the value of a secret. */
const MOST_BYTES = 65_536;

/** @throws SecretUnavailable. What was read is never part of its message, and neither is what a command wrote. */
export async function readValue(from: ValueSource, reference: SecretReference): Promise<string> {
  const { names, fileNames } = reference;
  const secret = names[0];
  switch (from.kind) {
    case "file":
      return withoutLineEnd(await readFile(from.path, secret));
    case "directory":
      return withoutLineEnd(await readFirst(from.path, fileNames, secret));
    case "variable": {
      const value = process.env[from.name];
      if (value === undefined)
        throw new SecretUnavailable(
          `the secret ${secret} is in the variable ${from.name}, which the server was started without`,
        );
      return value;
    }
    case "command":
      return withoutLineEnd(await printed(from.command, reference));
  }
}

async function printed(command: readonly string[], { names, version }: SecretReference): Promise<string> {
  const variables = { LONGSHORE_SECRET: names[0], ...(version !== undefined && { LONGSHORE_SECRET_VERSION: version }) };
  const { output, problem } = await outputOf(command, { variables, mostBytes: MOST_BYTES });
  if (output !== undefined) return output;
  throw new SecretUnavailable(`the command that prints the secret ${names[0]} ${problem}`);
}

async function readFirst(directory: string, fileNames: readonly string[], secret: string): Promise<string> {
  for (const [index, name] of fileNames.entries()) {
    // Joined to a root, it cannot lead out of it.
    const path = join(directory, normalize(`/${name}`));
    try {
      return await readFile(path, secret);
    } catch (error) {
      const isAbsent = error instanceof SecretUnavailable && codeOf(error.cause) === "ENOENT";
      if (!isAbsent || index === fileNames.length - 1) throw error;
    }
  }
  throw new SecretUnavailable(`the secret ${secret} has no name that a file could have`);
}

async function readFile(path: string, secret: string): Promise<string> {
  try {
    const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      const status = await file.stat();
      if (!status.isFile() || status.size > MOST_BYTES)
        throw new SecretUnavailable(
          `the secret ${secret} is in ${path}, which is no file of at most ${MOST_BYTES} bytes`,
        );
      return await file.readFile("utf8");
    } finally {
      await file.close();
    }
  } catch (error) {
    if (error instanceof SecretUnavailable) throw error;
    throw new SecretUnavailable(`the secret ${secret} is in ${path}, which cannot be read (${String(codeOf(error))})`, {
      cause: error,
    });
  }
}

/** Files and programs end their last line; no secret does. */
function withoutLineEnd(value: string): string {
  return value.replace(/\r?\n$/, "");
}
