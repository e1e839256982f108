import { describe, expect, it } from '@jest/globals';
import { licenceOf, refusedLicences, type Component } from './licences.ts';

const under = (...licenses: NonNullable<Component['licenses']>): Component => ({
  'bom-ref': 'a@1.0.0',
  licenses,
});

describe('licences', () => {
  it('are allowed where they ask for their name alone', () => {
    const components = [
      under({ license: { id: 'MIT' } }),
      under({ expression: '(Apache-2.0 AND BSD-3-Clause)' }),
      { 'bom-ref': 'nub@0.0.0' },
    ];
    expect(refusedLicences(components)).toEqual([]);
    expect(components.map(licenceOf)).toEqual(['MIT', '(Apache-2.0 AND BSD-3-Clause)', 'MIT']);
  });

  it.each(['GPL-3.0-only', 'AGPL-3.0-or-later', 'LGPL-2.1-only', 'SSPL-1.0', 'BUSL-1.1', 'Elastic-2.0'])(
    'are refused where they ask for more: %s',
    (id) => {
      expect(refusedLicences([under({ license: { id } })])).toEqual([`a@1.0.0 is licensed under ${id}`]);
      expect(refusedLicences([under({ expression: `(MIT OR ${id})` })])).toHaveLength(1);
      expect(refusedLicences([under({ license: { id: 'MIT' } }, { license: { id } })])).toHaveLength(1);
    },
  );

  it('are refused where there is none, or none that SPDX knows', () => {
    const unknown = [under(), under({ license: { name: 'see LICENSE' } }), { 'bom-ref': 'nub@0.0.1' }];
    for (const component of unknown)
      expect(refusedLicences([component])).toEqual([
        `${component['bom-ref']} names no licence that SPDX knows`,
      ]);
  });
});
