/** A component of a bill of materials as CycloneDX has it: a single licence has an id, several are an expression. */
export interface Component {
  /** Its name and version, `@scope/name@1.0.0`. (npm gives a workspace of ours the name of its folder as `name`.) */
  'bom-ref': string;
  licenses?: ({ license: { id?: string; name?: string } } | { expression: string })[];
}

/** Licences that ask of an image no more than to name them: with any other, somebody has to think first. */
const allowed = [
  ...['0BSD', 'Apache-2.0', 'BlueOak-1.0.0', 'BSD-2-Clause', 'BSD-3-Clause', 'CC0-1.0', 'ISC', 'MIT'],
  ...['MIT-0', 'Python-2.0', 'Unlicense'],
];

/** What was looked up by hand, where a manifest gives no name that SPDX knows. */
const lookedUp: Readonly<Record<string, string>> = {
  // Its manifest says MIT/X11.
  'nub@0.0.0': 'MIT',
};

/** The licence of a component, as an SPDX expression; undefined where nobody knows. */
export function licenceOf({ 'bom-ref': what, licenses = [] }: Component): string | undefined {
  const names = licenses.map((one) => ('expression' in one ? one.expression : one.license.id));
  if (names.length === 0 || names.includes(undefined)) return lookedUp[what];
  return names.join(' AND ');
}

/** The components that an image may not hold, each with the reason. Of a choice (`OR`), each has to be allowed. */
export function refusedLicences(components: readonly Component[]): string[] {
  return components.flatMap((component) => {
    const { 'bom-ref': what } = component;
    const licence = licenceOf(component);
    if (licence === undefined) return `${what} names no licence that SPDX knows`;
    const unknown = licence
      .split(/[\s()]+|\b(?:AND|OR)\b/)
      .filter((id) => id !== '' && !allowed.includes(id));
    return unknown.map((id) => `${what} is licensed under ${id}`);
  });
}
