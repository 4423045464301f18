/** The Service that a host name of a mesh rule stands for. */

/** @returns undefined for hosts outside of the cluster, wildcards and addresses */
export function serviceOfHost(
  host: string,
  namespace: string | null,
): { readonly namespace: string | null; readonly name: string } | undefined {
  const [name = '', inNamespace, svc] = host.split('.');
  if (name === '' || name.includes('*') || /^\d+$/.test(name)) return undefined;
  if (inNamespace === undefined) return { namespace, name };
  return svc === 'svc' ? { namespace: inNamespace, name } : undefined;
}
