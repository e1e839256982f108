import { describe, expect, it } from '@jest/globals';

import { withoutLiterals } from './without-literals.ts';

describe('a statement without its values', () => {
  it.each([
    [
      `insert into "a"."b" ("c1") values ('x', 'it''s', 12, -1.5, null)`,
      `insert into "a"."b" ("c1") values (?, ?, ?, -?, null)`,
    ],
    [
      `select "p0".* from t1 as "p0" where x = 'a' limit 51`,
      `select "p0".* from t1 as "p0" where x = ? limit ?`,
    ],
    [`select E'it\\'s', e'\\\\', 'c:\\' || 'secret'`, `select ?, ?, ? || ?`],
    [`select $1::text[], $12, 'a'::uuid`, `select $1::text[], $12, ?::uuid`],
    [`select $$a 'b' 1$$, $t$x $$ y$t$, "it's", 'secret'`, `select ?, ?, "it's", ?`],
    [
      `select 1e6, 0x1f, 1_000, .5, a.b2 from "a""'b" where c = 'x`,
      `select ?, ?, ?, ?, a.b2 from "a""'b" where c = ?`,
    ],
    [`/* don't */ select 'secret' -- it's "so"\n, 'secret' /* 'x`, ` select ? \n, ? `],
    [`select 1 /* a /* b */ don't */, 'secret'`, `select ? `],
    [`select $A$ x $a$ secret $A$, 2`, `select ?, ?`],
    ['start transaction read only', 'start transaction read only'],
  ])('%s', (statement, expected) => {
    expect(withoutLiterals(statement)).toBe(expected);
  });

  it('is as long as a person reads, whatever it held', () => {
    const long = 'secret'.repeat(4_000_000);
    for (const text of [`'${long}'`, `"${long}"`, `$$${long}$$`])
      expect(withoutLiterals(`select 1, ${text}`).length).toBeLessThan(11_000);
  });

  it('costs time by its length alone, also where no quote is closed', () => {
    const begun = performance.now();
    for (const text of [`'"$a$`, `"`, `'`, `e'\\`, '$a$', '1.']) withoutLiterals(text.repeat(200_000));
    expect(performance.now() - begun).toBeLessThan(5_000);
  });
});
