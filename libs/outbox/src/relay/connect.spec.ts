import { describe, expect, it } from '@jest/globals';
import { unsuitable } from './connect.ts';

const primary = { pid: 42, replica: false, version: 180004, name: '18.4' };

describe('a server for a relay', () => {
  it('is a primary that is reached directly', () => {
    expect(unsuitable(primary, 42)).toBeUndefined();
  });

  it('is not a pooler, which announces another process than the one that answers', () => {
    expect(unsuitable(primary, 7)).toMatch(/pooler/);
  });

  it('is not a replica', () => {
    expect(unsuitable({ ...primary, replica: true }, 42)).toMatch(/replica/);
  });

  it('is not older than PostgreSQL 17', () => {
    expect(unsuitable({ ...primary, version: 160009, name: '16.9' }, 42)).toMatch(
      /17 or newer; this is 16.9/,
    );
  });
});
