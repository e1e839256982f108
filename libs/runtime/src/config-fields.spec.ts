import { describe, expect, it } from '@jest/globals';
import type { z } from 'zod';

import {
  boolean,
  brokers,
  formatHostPort,
  hostPort,
  integer,
  postgresUrl,
  secretUrl,
  url,
} from './config-fields.ts';

const accepts = (type: z.ZodType, text: string): unknown => type.safeParse(text).data;
const refuses = (type: z.ZodType, text: string): boolean => !type.safeParse(text).success;

describe('hostPort', () => {
  it.each([
    ['127.0.0.1:50051', { host: '127.0.0.1', port: 50_051 }],
    ['0.0.0.0:0', { host: '0.0.0.0', port: 0 }],
    ['[::1]:9101', { host: '::1', port: 9101 }],
    [' kafka.example:9092 ', { host: 'kafka.example', port: 9092 }],
  ])('reads %s', (text, expected) => {
    expect(accepts(hostPort, text)).toEqual(expected);
  });

  it.each(['9101', ':9101', 'localhost', 'localhost:', 'localhost:70000', '::1:9101', 'http://h:1'])(
    'refuses %s',
    (text) => {
      expect(refuses(hostPort, text)).toBe(true);
    },
  );

  it.each(['[::1]:9101', '127.0.0.1:0'])('writes %s as it was read', (text) => {
    expect(formatHostPort(hostPort.parse(text))).toBe(text);
  });
});

describe('integer', () => {
  const type = integer({ min: 1, max: 168 });

  it('reads whole numbers of its range, ends included', () => {
    expect(['1', '168'].map((text) => accepts(type, text))).toEqual([1, 168]);
  });

  it.each(['0', '169', '1.5', '1e2', '0x10', 'many', '-1'])('refuses %s', (text) => {
    expect(refuses(type, text)).toBe(true);
  });
});

describe('boolean', () => {
  it('reads true and false, and nothing that looks like them', () => {
    expect(accepts(boolean, 'TRUE')).toBe(true);
    expect(accepts(boolean, 'false')).toBe(false);
    expect(['1', 'yes', 'constructor'].every((text) => refuses(boolean, text))).toBe(true);
  });
});

describe('brokers', () => {
  it('reads a list and keeps its order', () => {
    expect(accepts(brokers, 'b:9092, a:9092')).toEqual(['b:9092', 'a:9092']);
  });

  it.each(['a:9092,', 'a', 'a:0', 'kafka://a:9092'])('refuses %s', (text) => {
    expect(refuses(brokers, text)).toBe(true);
  });
});

describe('URLs', () => {
  it('are of the kind that the field asks for', () => {
    expect(accepts(url, 'http://127.0.0.1:4318')).toBe('http://127.0.0.1:4318/');
    expect(accepts(postgresUrl, 'postgresql://app@db/payments')).toBe('postgresql://app@db/payments');
    expect(refuses(url, 'postgres://db')).toBe(true);
    expect(refuses(postgresUrl, 'http://db')).toBe(true);
  });

  it('that are secret are not repeated in the error', () => {
    const { error } = secretUrl.safeParse('ftp://hooks.example/s3cret');
    expect(error?.message).not.toContain('s3cret');
  });
});
