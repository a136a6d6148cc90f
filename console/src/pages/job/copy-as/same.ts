/** Whether two values are the same as JSON, in whichever order their members are. */
export function isSame(one: unknown, other: unknown): boolean {
  if (one === other) return true;
  if (typeof one !== "object" || typeof other !== "object" || one === null || other === null) return false;
  if (Array.isArray(one) !== Array.isArray(other)) return false;
  const names = new Set([...Object.keys(one), ...Object.keys(other)]);
  const member = (value: object, name: string): unknown => (value as Readonly<Record<string, unknown>>)[name];
  return [...names].every((name) => isSame(member(one, name), member(other, name)));
}
