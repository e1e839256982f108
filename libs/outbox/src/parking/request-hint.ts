/** What a hint on the wake channel says when it is about a request, and not about one of many commits. */
export const requestHint = 'request';
