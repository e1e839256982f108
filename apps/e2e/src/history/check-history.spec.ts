import { describe, expect, it } from '@jest/globals';
import { checkHistory, type Committed, type Delivered } from './check-history.ts';

const message = (id: string, more: Partial<Committed> = {}): Committed => ({
  id,
  topic: 't',
  key: 'k',
  version: 1,
  part: 1,
  value: `value of ${id}`,
  ...more,
});

const record = (id: string, more: Partial<Delivered> = {}): Delivered => ({
  id,
  topic: 't',
  partition: 0,
  key: 'k',
  value: `value of ${id}`,
  headers: 'h',
  ...more,
});

const three = [message('a'), message('b', { version: 2 }), message('c', { version: 2, part: 2 })];

const found = (committed: Committed[], delivered: Delivered[]) =>
  checkHistory(committed, delivered).map(({ broken, id }) => `${broken} ${id}`);

describe('a history', () => {
  it('is clean when everything committed came once, each key’s in the order of its commits', () => {
    expect(found(three, [record('a'), record('b'), record('c')])).toEqual([]);
    expect(found([], [])).toEqual([]);
  });

  it('is clean when messages came again, behind or between later ones', () => {
    const again = [record('a'), record('b'), record('a'), record('b'), record('c'), record('a')];
    expect(found(three, again)).toEqual([]);
  });

  it('has a loss where a committed message never came', () => {
    expect(found(three, [record('a'), record('c')])).toEqual(['lost b']);
    expect(found(three, [])).toEqual(['lost a', 'lost b', 'lost c']);
  });

  it('has a ghost where a record is of no committed message, also at each repeat', () => {
    expect(found([message('a')], [record('a'), record('x'), record('x')])).toEqual(['ghost x', 'ghost x']);
  });

  it('takes a repeat under another id for a ghost', () => {
    const renamed = record('other', { value: 'value of a' });
    expect(found([message('a')], [record('a'), renamed])).toEqual(['ghost other']);
  });

  it('is reversed where a message came first behind a later version of its key', () => {
    expect(found(three, [record('b'), record('c'), record('a')])).toEqual(['reversed a']);
    expect(found(three, [record('b'), record('a'), record('c'), record('a')])).toEqual(['reversed a']);
  });

  it('is reversed where the parts of one version changed places', () => {
    expect(found(three, [record('a'), record('c'), record('b')])).toEqual(['reversed b']);
  });

  it('counts every message that came too late, not only the first of them', () => {
    expect(found(three, [record('c'), record('a'), record('b')])).toEqual(['reversed a', 'reversed b']);
  });

  it('knows no order between keys, nor between topics', () => {
    const others = [message('a', { version: 9 }), message('b', { key: 'l' }), message('c', { topic: 'u' })];
    const delivered = [record('a'), record('b', { key: 'l' }), record('c', { topic: 'u' })];
    expect(found(others, delivered)).toEqual([]);
  });

  it('is changed where a record says something else than its message', () => {
    expect(found([message('a')], [record('a', { value: 'x' })])).toEqual(['changed a']);
    expect(found([message('a')], [record('a', { key: 'x' })])).toEqual(['changed a']);
    expect(found([message('a')], [record('a', { topic: 'x' })])).toEqual(['changed a']);
  });

  it('is changed where a repeat differs from the first delivery by a header', () => {
    expect(found([message('a')], [record('a'), record('a', { headers: 'x' })])).toEqual(['changed a']);
  });

  it('is scattered where a key lies in two partitions', () => {
    const delivered = [record('a'), record('b', { partition: 1 }), record('c')];
    expect(found(three, delivered)).toEqual(['scattered b']);
  });
});
