/** A page, and the token of the next; empty for the last one. */
export type Page<Item> = { items: readonly Item[]; nextPageToken: string };

/** The most that the service puts on a page. */
const largestPage = 1_000;

/** Reads pages one after the other until there are `limit` items, or no more. */
export const listPages = async <Item>(options: {
  limit: number;
  /** Where to begin; empty: at the newest. */
  pageToken: string;
  page: (request: { pageSize: number; pageToken: string }) => Promise<Page<Item>>;
}): Promise<Page<Item>> => {
  const { limit, page } = options;
  const items: Item[] = [];
  let pageToken = options.pageToken;
  do {
    const read = await page({ pageSize: Math.min(largestPage, limit - items.length), pageToken });
    items.push(...read.items);
    pageToken = read.nextPageToken;
  } while (pageToken !== '' && items.length < limit);
  return { items, nextPageToken: pageToken };
};
