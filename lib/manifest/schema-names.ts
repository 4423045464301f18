/**
 * The grammars of names and labels, and what to say of text that breaks one.
 *
 * Source: kubernetes.io, Object Names and IDs; Labels and Selectors; k8s.io/apimachinery/pkg/util/validation.
 */

/** What is wrong with a text, to follow the field's name. @returns undefined when nothing is */
export type Grammar = (text: string) => string | undefined;

/** A label of DNS, RFC 1123: what namespaces, containers and volumes are called. */
export const dnsLabel: Grammar = (text) =>
  grammar(text, 63, /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/, 'lower case letters, digits and "-", beginning and ending with a letter or digit');

/** The same, beginning with a letter, RFC 1035: what Services are called. */
export const serviceName: Grammar = (text) =>
  grammar(
    text,
    63,
    /^[a-z]([-a-z0-9]*[a-z0-9])?$/,
    'lower case letters, digits and "-", beginning with a letter and ending with a letter or digit',
  );

/** What most objects are called. */
export const dnsSubdomain: Grammar = (text) =>
  grammar(
    text,
    253,
    /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/,
    'lower case letters, digits, "-" and ".", beginning and ending with a letter or digit',
  );

/** What roles and bindings are called. */
export const pathSegment: Grammar = (text) =>
  text === '.' || text === '..' || /[/%]/.test(text) ? 'is no path segment: "/" and "%" are not allowed' : undefined;

/** The name of a container's port. */
export const portName: Grammar = (text) => {
  if (/--/.test(text) || !/[a-z]/.test(text)) return 'is no port name: at least one letter, and no two "-" in a row';
  return grammar(
    text,
    15,
    /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/,
    'lower case letters, digits and "-", beginning and ending with a letter or digit',
  );
};

export const labelValue: Grammar = (text) =>
  text === ''
    ? undefined
    : grammar(
        text,
        63,
        /^[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$/,
        'letters, digits, "-", "_" and ".", beginning and ending with a letter or digit',
      );

/** The key of a label or annotation: a name, with the domain of its owner before it where it has one. */
export const qualifiedName: Grammar = (text) => {
  const slash = text.indexOf('/');
  const prefix = slash < 0 ? undefined : text.slice(0, slash);
  const name = text.slice(slash + 1);
  const wrongPrefix = prefix === undefined ? undefined : dnsSubdomain(prefix);
  if (wrongPrefix !== undefined) return `has a prefix that ${wrongPrefix}`;
  return grammar(
    name,
    63,
    /^[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$/,
    'letters, digits, "-", "_" and ".", beginning and ending with a letter or digit',
  );
};

/** The key of a ConfigMap or Secret. */
export const dataKey: Grammar = (text) => grammar(text, 253, /^[-._A-Za-z0-9]+$/, 'letters, digits, "-", "_" and "."');

function grammar(text: string, longest: number, pattern: RegExp, allowed: string): string | undefined {
  if (text === '') return 'is empty';
  if (text.length > longest) return `has ${text.length} characters, and ${longest} are allowed`;
  return pattern.test(text) ? undefined : `may hold only ${allowed}`;
}
