import { describe, expect, it } from '@jest/globals';
import { listPages } from './list-pages.ts';

/** A list of so many numbers, and the pages that were asked for. */
const numbers = (count: number) => {
  const asked: { pageSize: number; pageToken: string }[] = [];
  const page = (request: { pageSize: number; pageToken: string }) => {
    asked.push(request);
    const from = Number(request.pageToken);
    const to = Math.min(count, from + request.pageSize);
    const items = Array.from({ length: to - from }, (_, i) => from + i);
    return Promise.resolve({ items, nextPageToken: to < count ? String(to) : '' });
  };
  return { page, asked };
};

describe('listPages', () => {
  it('reads page after page until there are enough, and says where to go on', async () => {
    const { page, asked } = numbers(5_000);
    const { items, nextPageToken } = await listPages({ limit: 2_500, pageToken: '', page });
    expect(items).toEqual(Array.from({ length: 2_500 }, (_, i) => i));
    expect(nextPageToken).toBe('2500');
    expect(asked.map(({ pageSize }) => pageSize)).toEqual([1_000, 1_000, 500]);
  });

  it('ends with the last page', async () => {
    const { page } = numbers(1_200);
    const { items, nextPageToken } = await listPages({ limit: 10_000, pageToken: '1000', page });
    expect(items).toHaveLength(200);
    expect(nextPageToken).toBe('');
  });

  it('goes on behind an empty page that is not the last', async () => {
    const replies = [
      { items: [], nextPageToken: 'a' },
      { items: [1], nextPageToken: '' },
    ];
    const page = () => Promise.resolve(replies.shift() ?? { items: [], nextPageToken: '' });
    expect(await listPages({ limit: 5, pageToken: '', page })).toEqual({ items: [1], nextPageToken: '' });
  });
});
