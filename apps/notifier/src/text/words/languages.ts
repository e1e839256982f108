import { en } from './en.ts';
import { ko } from './ko.ts';
import type { Words } from './words.ts';

/** The languages that the channel can be told in, by the value of `NOTIFIER_LOCALE`. */
export const languages = { en, ko } satisfies Record<string, Words>;

/** One of them. */
export type Locale = keyof typeof languages;

/** All of them. */
export const locales = Object.keys(languages) as Locale[];
