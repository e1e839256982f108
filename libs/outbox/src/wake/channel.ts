/** The NOTIFY channel on which writers hint that something was committed. */
export const wakeChannel = 'outbox';
