import type { SubmitJobRequest } from "@aws-sdk/client-batch";
import { shellCommand } from "./shell.ts";

/**
 * `aws batch submit-job` with the same request. Structures are JSON, which the CLI takes as it is. What looks like a file or an option to it is told
 * apart by `--name=value`.
 */
export function awsCommand(request: SubmitJobRequest): string {
  const options = Object.entries(request).flatMap(([member, value]: [string, unknown]) => {
    if (value === undefined) return [];
    if (typeof value === "boolean") return [[value ? option(member) : `--no-${kebab(member)}`]];
    const text = typeof value === "string" ? value : asciiJson(value);
    return [text.startsWith("-") ? [`${option(member)}=${text}`] : [option(member), text]];
  });
  return shellCommand([["aws", "batch", "submit-job"], ...options]);
}

function option(member: string): string {
  return `--${kebab(member)}`;
}

function kebab(member: string): string {
  return member.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

/** JSON that survives a terminal of any character set, and shows what would reorder the text around it. */
export function asciiJson(value: unknown): string {
  return JSON.stringify(value).replaceAll(
    /[\u007f-\uffff]/g,
    (unit) => String.raw`\u` + unit.charCodeAt(0).toString(16).padStart(4, "0"),
  );
}
