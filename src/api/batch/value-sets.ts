/** What the text about a value that is none of the valid ones quotes: undefined when it is one of them, or is not given. */
export function notOneOf(
  member: string,
  value: string | undefined,
  valid: readonly string[],
): [member: string, value: string, valid: string] | undefined {
  return value === undefined || valid.includes(value) ? undefined : [member, value, valid.join(", ")];
}
