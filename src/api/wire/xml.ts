/** What an element holds: text, other elements by name, or a list, whose entries become elements named `item`. */
export type XmlValue = string | number | boolean | readonly XmlValue[] | XmlMembers;

/** Members that are undefined are left out. */
export interface XmlMembers {
  readonly [name: string]: XmlValue | undefined;
}

/** `name` is the program's own, `value` may come from anywhere. */
export function xmlElement(name: string, value: XmlValue, namespace?: string): string {
  const start = namespace === undefined ? name : `${name} xmlns="${namespace}"`;
  const content = xmlContent(value);
  return content === "" ? `<${start}/>` : `<${start}>${content}</${name}>`;
}

function xmlContent(value: XmlValue): string {
  if (typeof value !== "object") return escapeXml(String(value));
  if (isList(value)) return value.map((item) => xmlElement("item", item)).join("");
  return Object.entries(value)
    .map(([name, member]) => (member === undefined ? "" : xmlElement(name, member)))
    .join("");
}

function isList(value: readonly XmlValue[] | XmlMembers): value is readonly XmlValue[] {
  return Array.isArray(value);
}

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "\r": "&#13;",
};

/** Characters that XML cannot hold in any form are replaced. */
function escapeXml(text: string): string {
  return text
    .toWellFormed()
    .replaceAll(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, "\ufffd")
    .replaceAll(/[&<>"\r]/g, (character) => ENTITIES[character]!);
}
