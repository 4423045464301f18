/**
 * Shapes in, the types of each schema file out, small: what occurs twice is written once.
 *
 * First every map of fields becomes a type of its own, named by what it holds, so that equal ones meet, whatever version or
 * parent they came from; then those that only one place refers to are written there.
 */

/** @returns file name → type name → schema, both sorted */
export function compactFiles(kinds, declarations, nameOf) {
  const canonical = canonicalNames(declarations, nameOf);
  const pools = new Map();
  for (const [file, shape] of declarations) {
    const { file: fileName, type } = nameOf(file);
    if (canonical.get(file) !== `${fileName}#${type}`) continue;
    const pool = pools.get(fileName) ?? new Pool(fileName, canonical);
    pools.set(fileName, pool);
    pool.declare(type, shape);
  }
  const roots = new Set(kinds.map(({ file }) => canonical.get(file)));
  const aliases = kinds.map(({ file }) => [nameOf(file), canonical.get(file)]);
  const files = new Map([...pools].sort(byName).map(([name, pool]) => [name, pool.types(roots)]));
  for (const [{ file, type }, name] of aliases) {
    if (name !== `${file}#${type}`) files.get(file)?.set(type, localName(name, file));
  }
  return files;
}

/** Of declarations that say the same, as the versions of a kind often do, the first stands for all. */
function canonicalNames(declarations, nameOf) {
  const names = new Map();
  for (const file of declarations.keys()) {
    const { file: fileName, type } = nameOf(file);
    names.set(file, `${fileName}#${type}`);
  }
  for (let before = 0; before !== new Set(names.values()).size;) {
    before = new Set(names.values()).size;
    const seen = new Map();
    for (const [file, shape] of [...declarations].sort(byName)) {
      const fileName = names.get(file).split('#')[0];
      const key = `${fileName} ${JSON.stringify(schemaOf(shape, names, fileName))}`;
      if (!seen.has(key)) seen.set(key, names.get(file));
      names.set(file, seen.get(key));
    }
  }
  return names;
}

class Pool {
  constructor(name, canonical) {
    this.name = name;
    this.canonical = canonical;
    this.declared = new Map();
    /** Maps of fields inside of declarations: text → its name and how often it is used. */
    this.inline = new Map();
  }

  declare(type, shape) {
    if (this.declared.has(type)) throw new Error(`two declarations are called ${this.name}#${type}`);
    this.declared.set(
      type,
      schemaOf(shape, this.canonical, this.name, (schema, hint) => this.pooled(schema, hint)),
    );
  }

  pooled(schema, hint) {
    const text = JSON.stringify(schema);
    const known = this.inline.get(text) ?? { schema, name: `${hint}~${this.inline.size}`, uses: 0 };
    known.uses++;
    this.inline.set(text, known);
    return `#${known.name}`;
  }

  types() {
    const byReference = new Map([...this.inline.values()].map((entry) => [`#${entry.name}`, entry]));
    const expand = (schema) => {
      if (typeof schema === 'string') return expandReference(schema);
      if ('list' in schema) return { ...schema, list: expand(schema.list) };
      if ('map' in schema) return { map: expand(schema.map) };
      if ('fields' in schema) return { ...schema, fields: mapValues(schema.fields, expand) };
      return schema;
    };
    const expandReference = (schema) => {
      const [, prefix, reference] = /^((?:\[\]|\{\})*)(.*)$/.exec(schema);
      const entry = byReference.get(reference);
      if (entry === undefined || entry.uses > 1) return schema;
      const inner = expand(entry.schema);
      return prefixesOf(prefix).reduceRight((value, each) => (each === '[]' ? { list: value } : { map: value }), inner);
    };
    const shared = [...this.inline.values()].filter(({ uses }) => uses > 1).map(({ name, schema }) => [name, expand(schema)]);
    return new Map([...[...this.declared].map(([name, schema]) => [name, expand(schema)]), ...shared].sort(byName));
  }
}

/** A shape as it is written; `pooled` names the maps of fields inside of it. */
function schemaOf(shape, names, fileName, pooled) {
  const convert = (inner, hint) => {
    if (typeof inner === 'string' || 'is' in inner || 'enum' in inner) return inner;
    if ('ref' in inner) return localName(names.get(inner.ref), fileName);
    if ('list' in inner) return listOf(convert(inner.list, hint), inner);
    if ('map' in inner) {
      const value = convert(inner.map, hint);
      return typeof value === 'string' ? `{}${value}` : { map: value };
    }
    const fields = objectSchema(inner);
    return pooled === undefined ? fields : pooled(fields, hint);
  };
  const objectSchema = ({ fields, required, oneOf }) => ({
    fields: Object.fromEntries(Object.entries(fields).map(([name, field]) => [name, convert(field, name)])),
    ...(required.length > 0 ? { required } : {}),
    ...(oneOf.length > 0 ? { oneOf } : {}),
  });
  return typeof shape === 'object' && 'fields' in shape ? objectSchema(shape) : convert(shape, '');
}

function listOf(item, { minItems, maxItems }) {
  if (minItems === undefined && maxItems === undefined && typeof item === 'string') return `[]${item}`;
  return { list: item, ...(minItems === undefined ? {} : { minItems }), ...(maxItems === undefined ? {} : { maxItems }) };
}

function localName(name, fileName) {
  return name.startsWith(`${fileName}#`) ? name.slice(fileName.length) : name;
}

function prefixesOf(prefix) {
  return prefix.match(/\[\]|\{\}/g) ?? [];
}

function mapValues(record, change) {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, change(value)]));
}

function byName([a], [b]) {
  return a < b ? -1 : a > b ? 1 : 0;
}
