import { describe, expect, it } from '@jest/globals';
import { seededRandom } from '@payments/testing';
import { composeText } from './compose-text.ts';
import { nastyEvents, nastyOptions, usersMark } from './nasty-events.fixture.ts';
import { escapeMrkdwn } from './quoted.ts';

/** Seeds of events that are hard to tell; each is told alone or in a digest, in some language. */
const seeds = Array.from({ length: 120 }, (_, index) => index);

type Text = { type: string; text: string; verbatim?: boolean };

/** Every text object of the blocks. */
function textsOf(value: unknown): Text[] {
  if (Array.isArray(value)) return value.flatMap(textsOf);
  if (typeof value !== 'object' || value === null) return [];
  const own = 'text' in value && typeof value.text === 'string' ? [value as Text] : [];
  return [...own, ...Object.values(value).flatMap(textsOf)];
}

const told = seeds.map((seed) => {
  const random = seededRandom(seed);
  const [events, options] = [nastyEvents(random), nastyOptions(random)];
  return { seed, events, options, ...composeText(events, options) };
});

function each(check: (one: (typeof told)[number]) => void): void {
  for (const one of told)
    try {
      check(one);
    } catch (error) {
      throw new Error(`seed ${String(one.seed)}: ${String(error)}`, { cause: error });
    }
}

/** Slack's own syntax as it may stand in a text: a time, or a link to a trace. */
const slackSyntax =
  /<!date\^\d+\^\{date_short_pretty\} \{time_secs\}\|[-\d: ]+UTC>|<http:\/\/localhost[^<>|]*\|[^<>|]+>/g;

describe('whatever the events', () => {
  it('all blocks together stay below 13,000 characters, however they are counted', () => {
    let [heaviest, longest] = [0, 0];
    each(({ blocks }) => {
      const weight = 125 * blocks.length + textsOf(blocks).reduce((sum, { text }) => sum + text.length, 0);
      [heaviest, longest] = [Math.max(heaviest, weight), Math.max(longest, JSON.stringify(blocks).length)];
    });
    expect(Math.max(heaviest, longest)).toBeLessThan(13_000);
    // These seeds come near it.
    expect(Math.min(heaviest, longest)).toBeGreaterThan(10_000);
  });

  it('no block crosses its own limit', () => {
    each(({ text, blocks }) => {
      expect(text.length).toBeLessThanOrEqual(4000);
      expect(blocks.length).toBeLessThanOrEqual(12);
      for (const block of blocks) {
        const all = textsOf(block);
        const most = {
          header: [1, 150],
          section: [10, 'fields' in block ? 2000 : 3000],
          context: [10, 3000],
        };
        const [count = 0, length = 0] = most[block.type as keyof typeof most];
        expect(all.length).toBeGreaterThan(0);
        expect(all.length).toBeLessThanOrEqual(count);
        expect(Math.min(...all.map((one) => one.text.length))).toBeGreaterThan(0);
        expect(Math.max(...all.map((one) => one.text.length))).toBeLessThanOrEqual(length);
      }
    });
  });

  it('nobody is pinged: `<` only begins a time or a trace, and Slack looks for no other names', () => {
    each(({ text, blocks }) => {
      expect(text).not.toMatch(/<|@(?:here|channel|everyone)/i);
      for (const { type, text: shown, verbatim } of textsOf(blocks)) {
        expect(shown.replace(slackSyntax, '')).not.toMatch(/[<>]/);
        expect(verbatim).toBe(type === 'mrkdwn' ? true : undefined);
      }
    });
  });

  it("no user's text leaves its inline code, and no entity or character is cut in two", () => {
    each(({ text, blocks }) => {
      expect(text).not.toContain('`');
      for (const shown of [text, ...textsOf(blocks).map((one) => one.text)]) {
        expect(shown.isWellFormed()).toBe(true);
        expect(shown).not.toMatch(/&(?!(?:amp|lt|gt);)/);
      }
      for (const { text: shown } of textsOf(blocks)) {
        const outside = shown.replaceAll(/`[^`\n]+`/g, '');
        expect(outside).not.toMatch(new RegExp(`[\`${usersMark}]`, 'u'));
      }
    });
  });

  it('no text turns the writing direction: what is written from right to left stands apart', () => {
    each(({ text, blocks }) => {
      for (const shown of [text, ...textsOf(blocks).map((one) => one.text)])
        for (const line of shown.split('\n')) {
          const apart = line.replaceAll(/\u2068[^\u2068\u2069]*\u2069/g, '');
          expect(apart).not.toMatch(/[\p{Bidi_Control}\p{Script=Hebrew}\p{Script=Arabic}]/u);
        }
    });
  });

  it('a digest has a line for each payment that it may, and for failures first', () => {
    each(({ blocks, events, options }) => {
      if (events.length === 1) return;
      const [, , ...rest] = blocks;
      const sections = rest.filter(({ type }) => type === 'section');
      const lines = sections.flatMap((block) => textsOf(block).flatMap(({ text }) => text.split('\n')));
      expect(lines).toHaveLength(Math.min(events.length, options.digestLines));
      const failed = events.filter(({ outcome }) => outcome === 'FAILED').length;
      expect(lines.filter((line) => line.startsWith('❌'))).toHaveLength(
        Math.min(failed, options.digestLines),
      );
    });
  });

  it('a line holds the whole id of its reservation, if that is short and plain', () => {
    each(({ blocks, events, options }) => {
      if (events.length === 1 || events.length > options.digestLines) return;
      const all = JSON.stringify(blocks);
      for (const { payment } of events) {
        const { reservationId } = payment;
        if ([...reservationId].length > 60 || /[^\p{L}\p{N}\p{P}\p{So}]|`/u.test(reservationId)) continue;
        expect(all).toContain(JSON.stringify(escapeMrkdwn(reservationId)).slice(1, -1));
      }
    });
  });
});
