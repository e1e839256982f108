/** What must not leave, by what it is: each in all the forms in which it may be written. */
export type Secrets = Readonly<Record<string, readonly string[]>>;

/** What left the processes, by where it was found. */
export type Places = Readonly<Record<string, string>>;

/** Looks for each secret in each place. @returns `user in the log of relay: …`, with what stands around it */
export function leaksIn(places: Places, secrets: Secrets): string[] {
  return Object.entries(places).flatMap(([place, text]) =>
    Object.entries(secrets).flatMap(([secret, forms]) =>
      forms.flatMap((form) => {
        const at = positionOf(text, form);
        return at < 0
          ? []
          : [`${secret} in ${place}: …${text.slice(Math.max(0, at - 150), at + form.length + 50)}…`];
      }),
    ),
  );
}

/** A number within a longer one is another number: times in nanoseconds have many digits. */
function positionOf(text: string, form: string): number {
  for (let at = text.indexOf(form); at >= 0; at = text.indexOf(form, at + 1)) {
    const around = `${text[at - 1] ?? ''}.${text[at + form.length] ?? ''}`;
    if (!/^\d/.test(form) || !/\d/.test(around)) return at;
  }
  return -1;
}
