/** Lists are shown whole, and filtered where they are seen; so long ones are cut off here, and said to be. */
export const MOST_LISTED = 1_000;

/** The entries of all pages of a list, MOST_LISTED at most. */
export async function allPages<Page extends { readonly nextToken?: string | undefined }, Item>(
  page: (nextToken: string | undefined) => Promise<Page>,
  itemsOf: (page: Page) => readonly Item[] | undefined,
): Promise<Item[]> {
  const items: Item[] = [];
  let nextToken: string | undefined;
  do {
    const answer = await page(nextToken);
    items.push(...(itemsOf(answer) ?? []));
    nextToken = answer.nextToken;
  } while (nextToken !== undefined && items.length < MOST_LISTED);
  return items.slice(0, MOST_LISTED);
}
