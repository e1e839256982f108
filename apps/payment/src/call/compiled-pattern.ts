const compiled = new Map<string, RegExp>();

/** The regular expression of a rule, compiled once. There are as many as the proto files have. */
export const compiledPattern = (pattern: string): RegExp => {
  const known = compiled.get(pattern);
  if (known) return known;
  const made = new RegExp(pattern, 'u');
  compiled.set(pattern, made);
  return made;
};
