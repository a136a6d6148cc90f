import { tagTexts } from "./names.ts";

/** The tags of a resource, as words. */
export function TagList({ tags }: { readonly tags: Readonly<Record<string, string>> | undefined }) {
  const texts = tagTexts(tags);
  if (texts.length === 0) return "None";
  return (
    <ul style={{ margin: 0, paddingInlineStart: "16px" }}>
      {texts.map((text) => (
        <li key={text} style={{ overflowWrap: "anywhere" }}>
          {text}
        </li>
      ))}
    </ul>
  );
}
