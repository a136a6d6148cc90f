import { call } from "./call.ts";

type Tags = Readonly<Record<string, string>>;

const pathOf = (arn: string): string => `/v1/tags/${encodeURIComponent(arn)}`;

/** What tags a resource is to have: those that are no more go, those that are new or changed are set. Nothing is sent where nothing changes. */
export async function changeTags(arn: string, before: Tags, after: Tags): Promise<void> {
  const gone = Object.keys(before).filter((key) => !Object.hasOwn(after, key));
  const changed = Object.entries(after).filter(([key, value]) => before[key] !== value);
  if (changed.length > 0) {
    await call(pathOf(arn), "batch", { method: "POST", body: { tags: Object.fromEntries(changed) } });
  }
  if (gone.length > 0) {
    const keys = gone.map((key) => `tagKeys=${encodeURIComponent(key)}`).join("&");
    await call(`${pathOf(arn)}?${keys}`, "batch", { method: "DELETE" });
  }
}
