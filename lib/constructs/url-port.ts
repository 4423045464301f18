/** The port that an http or https URL means, named or not. */
export function urlPort({ port, protocol }: URL): number {
  if (port !== '') return Number(port);
  return protocol === 'https:' ? 443 : 80;
}
