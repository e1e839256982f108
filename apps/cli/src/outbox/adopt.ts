import { adoptLog, type Adoption } from '@payments/outbox';
import { confirm } from '../terminal/confirm.ts';
import { exitCodes } from './exit-codes.ts';
import { complain, json, print } from '../terminal/output.ts';
import { countText, numberText } from '../terminal/texts.ts';

/** What `adopt` is told. */
export type AdoptOptions = { keepPosition: boolean; yes: boolean; json: boolean };

const again =
  'Sets this copied log aside and appends again, with their ids, the messages that may be unpublished: readers see some twice. Relays have to be stopped; writers wait.';
const keep =
  'Goes on where this log stood, which is right after pg_upgrade and loses messages after any other copy. Relays have to be stopped; writers wait.';

/** Makes a log that was copied from another database cluster this one's own; returns the exit code. */
export const adopt = async (databaseUrl: string, options: AdoptOptions): Promise<number> => {
  const what = options.keepPosition ? keep : again;
  if (options.yes) complain(what);
  else if (!(await confirm(what, { input: process.stdin, output: process.stderr }))) {
    complain('Nothing was done.');
    return exitCodes.refused;
  }
  const adoption = await adoptLog({ databaseUrl, keepPosition: options.keepPosition });
  print(options.json ? json(adoption) : adoptionText(adoption));
  return exitCodes.done;
};

const adoptionText = ({ keptPosition, adopted, setAside }: Adoption): string =>
  keptPosition
    ? 'The log is this cluster’s own, and its relays go on where it stood.'
    : `${countText(adopted, 'message')} of ${numberText(setAside)} appended again: relays publish them when they run. The old rows are in outbox.set_aside.`;
