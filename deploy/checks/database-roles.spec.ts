import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { parse } from 'yaml';

const read = (path: string) => readFileSync(join(import.meta.dirname, '..', path), 'utf8');

interface Cluster {
  spec: {
    bootstrap: { initdb: { owner: string; database: string; secret: { name: string } } };
    managed: {
      roles: { name: string; login?: boolean; inRoles?: string[]; passwordSecret?: { name: string } }[];
    };
  };
}

it('the operator makes the roles that are made by hand elsewhere, and that get rights', () => {
  const { spec } = parse(read('components/cloudnative-pg/cluster.yaml')) as Cluster;
  const [{ initdb }, { roles }] = [spec.bootstrap, spec.managed];
  const byHand = read('database/roles/roles.sql');
  const made = /array array\[([^\]]+)\]/.exec(byHand)?.[1]?.match(/\w+/g);
  expect([initdb.owner, ...roles.map(({ name }) => name)]).toEqual(made);
  expect(roles.filter(({ login }) => login).map(({ name }) => name)).toEqual(
    [...byHand.matchAll(/alter role (\w+) login;/g)]
      .map(([, name]) => name)
      .filter((name) => name !== initdb.owner),
  );
  for (const { name, login, passwordSecret } of roles)
    expect(passwordSecret).toEqual(login ? { name: `database-${name}` } : undefined);
  expect(initdb).toMatchObject({ database: 'payments', secret: { name: 'database-owner' } });
  const members = roles.flatMap(({ name, inRoles = [] }) =>
    inRoles.map((role) => `grant ${role} to ${name};`),
  );
  expect([...byHand.matchAll(/^ *grant .*/gm)].map(([line]) => line.trim())).toEqual(members);
  const granted = new Set(
    [...read('database/grants.sql').matchAll(/^grant .* to (\w+);/gm)].map(([, name]) => name),
  );
  expect([...granted].sort()).toEqual(roles.map(({ name }) => name).sort());
});
