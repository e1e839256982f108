import { setTimeout as pause } from 'node:timers/promises';

/** How often it looks, in milliseconds. */
const everyMs = 250;

/** The highest value that `look` saw while something was under way. */
export async function highestWhile(underWay: Promise<unknown>, look: () => Promise<number>): Promise<number> {
  let going = true;
  const over = () => void (going = false);
  const ended = underWay.then(over, over);
  let highest = await look();
  while (going) {
    await Promise.race([ended, pause(everyMs)]);
    highest = Math.max(highest, await look());
  }
  return highest;
}
