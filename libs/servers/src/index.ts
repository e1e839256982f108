export * from './slack-stand-in.ts';
export type { SlackBehaviour, SlackRateLimit } from './slack-stand-in-behaviour.ts';
export type { SlackBlock } from './slack-stand-in-limits.ts';
