/** All instances of this project's services: scrape jobs are named for them. */
export const services = 'job=~"payment|relay|notifier"';

/** Those that are chosen at the top of the dashboard: all, unless one is. */
export const chosen = `${services}, instance=~"$instance"`;
