/** The schemas under which js-yaml reads as Kubernetes' tools do. */
import { FAILSAFE_SCHEMA, type Schema, Type } from 'js-yaml';
import { type Dialect, scalarValue } from './scalar';

const CORE = 'tag:yaml.org,2002:';

/** The schema of a dialect. Tags that Kubernetes' readers do not know are ignored by them, and so here. */
export function schemaOf(dialect: Dialect): Schema {
  return SCHEMAS[dialect];
}

const SCHEMAS: Readonly<Record<Dialect, Schema>> = { kubectl: build('kubectl'), kustomize: build('kustomize') };

function build(dialect: Dialect): Schema {
  const value = (text: string): unknown => scalarValue(text, dialect);
  // One implicit type instead of one for each kind of value: a scalar that is just text is turned away by its first character.
  const plain = new Type(`${CORE}plain`, {
    kind: 'scalar',
    resolve: (text: unknown) => typeof text === 'string' && value(text) !== text,
    construct: value,
  });
  const typed = (name: string, type: string): Type =>
    new Type(CORE + name, {
      kind: 'scalar',
      resolve: (text: unknown) => (type === 'object' ? value(String(text)) === null : typeof value(String(text)) === type),
      construct: (text: unknown) => value(String(text)),
    });
  const foreign = (prefix: string, kind: 'scalar' | 'sequence' | 'mapping'): Type =>
    new Type(prefix, { kind, multi: true, construct: (data: unknown) => data });
  return FAILSAFE_SCHEMA.extend({
    implicit: [new Type(`${CORE}merge`, { kind: 'scalar', resolve: (text: unknown) => text === '<<' }), plain],
    explicit: [
      typed('int', 'number'),
      typed('float', 'number'),
      typed('bool', 'boolean'),
      typed('null', 'object'),
      new Type(`${CORE}binary`, {
        kind: 'scalar',
        construct: (text: unknown) => Buffer.from(String(text), 'base64').toString('utf8'),
      }),
      ...(['scalar', 'sequence', 'mapping'] as const).flatMap((kind) => [foreign('!', kind), foreign('tag:', kind)]),
    ],
  });
}
