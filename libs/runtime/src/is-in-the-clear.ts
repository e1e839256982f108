/** Whether a host, as it stands in a URL or in `host:port`, is this machine by its loopback interface. */
export const isLoopbackHost = (host: string): boolean =>
  host === 'localhost' || host === '::1' || host === '[::1]' || /^127(\.\d+){3}$/.test(host);

/** Whether what goes to this URL can be read on the way: only what stays on this machine may go in the clear. */
export const isInTheClear = (address: string): boolean => {
  const { protocol, hostname } = new URL(address);
  return protocol !== 'https:' && !isLoopbackHost(hostname);
};
