import { constants } from 'node:fs';
import { access } from 'node:fs/promises';

/** Whether there is a file of that path that this process may run. */
export function isExecutable(file: string): Promise<boolean> {
  return access(file, constants.X_OK).then(
    () => true,
    () => false,
  );
}
