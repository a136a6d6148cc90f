/** An http or https URL without user, password and fragment; undefined for any other text. */
export function httpUrl(text: string): URL | undefined {
  const url = URL.parse(text);
  const isGood = url !== null && ["http:", "https:"].includes(url.protocol);
  return isGood && url.username === "" && url.password === "" && url.hash === "" ? url : undefined;
}
