import type { SubmitJobRequest } from "@aws-sdk/client-batch";

/** Python with the same request. */
export function boto3Text(request: SubmitJobRequest): string {
  const members = Object.entries(request).flatMap(([name, value]: [string, unknown]) =>
    value === undefined ? [] : [`    ${name}=${literal(value, 1)},`],
  );
  return [
    "import boto3",
    "",
    'batch = boto3.client("batch")',
    "job = batch.submit_job(",
    ...members,
    ")",
    'print(job["jobId"])',
    "",
  ].join("\n");
}

function literal(value: unknown, depth: number): string {
  const inner = "    ".repeat(depth + 1);
  const outer = "    ".repeat(depth);
  if (value === null || value === undefined) return "None";
  if (typeof value === "boolean") return value ? "True" : "False";
  if (typeof value === "number") return String(value);
  if (typeof value === "string") return pythonString(value);
  if (Array.isArray(value)) {
    if (value.length === 0) return "[]";
    return `[\n${value.map((item) => `${inner}${literal(item, depth + 1)},\n`).join("")}${outer}]`;
  }
  const members = Object.entries(value).filter(([, member]) => member !== undefined);
  if (members.length === 0) return "{}";
  const lines = members.map(([name, member]) => `${inner}${pythonString(name)}: ${literal(member, depth + 1)},\n`);
  return `{\n${lines.join("")}${outer}}`;
}

/** ASCII alone: what would reorder the text, or end a line, is seen as its number. */
export function pythonString(text: string): string {
  const escaped = Array.from(text, (character) => {
    const code = character.codePointAt(0)!;
    if (character === "\\" || character === '"') return `\\${character}`;
    if (character === "\n") return String.raw`\n`;
    if (character === "\t") return String.raw`\t`;
    if (character === "\r") return String.raw`\r`;
    if (code >= 0x20 && code < 0x7f) return character;
    if (code > 0xffff) return String.raw`\U` + code.toString(16).padStart(8, "0");
    return String.raw`\u` + code.toString(16).padStart(4, "0");
  });
  return `"${escaped.join("")}"`;
}
