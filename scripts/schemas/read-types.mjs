/**
 * Reads the declarations of a models package: what kinds there are, and the shape of every type they use.
 *
 * The declarations are mechanical: one type a file, named after the file, its references imported by path. So a syntax tree
 * is enough, and no type checker is started.
 *
 * A shape is one of
 *   'string' 'number' 'boolean' 'any' 'object' 'quantity' 'int-or-string' 'time'
 *   { ref }                    the shape that another declaration has, by its file
 *   { enum: [text] }           one of these strings
 *   { list: shape } { map: shape }
 *   { fields: {name: shape}, required: [name], oneOf: [[[name]]] }
 *       oneOf: of each group, the sets of names of which one set has to be present; an empty set says that none has to
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import ts from 'typescript';

export const modulesFolder = join(dirname(createRequire(import.meta.url).resolve('typescript/package.json')), '..');

/** Aliases that say more than the type they stand for. */
const NAMED_SCALARS = {
  '@kubernetes-models/apimachinery/api/resource/Quantity': 'quantity',
  '@kubernetes-models/apimachinery/util/intstr/IntOrString': 'int-or-string',
  '@kubernetes-models/apimachinery/apis/meta/v1/Time': 'time',
  '@kubernetes-models/apimachinery/apis/meta/v1/MicroTime': 'time',
};

/** Every kind that a package declares: `{ apiVersion, kind, file }`, without the lists of kinds. */
export function kindsOf(packageName) {
  const folder = join(modulesFolder, packageName);
  return readdirSync(folder, { recursive: true })
    .filter((path) => path.endsWith('.d.ts') && !path.endsWith('index.d.ts') && !path.includes('node_modules'))
    .sort()
    .flatMap((path) => {
      const text = readFileSync(join(folder, path), 'utf8');
      const apiVersion = /^ {4}"apiVersion": "([^"]+)";$/m.exec(text)?.[1];
      const kind = /^ {4}"kind": "([^"]+)";$/m.exec(text)?.[1];
      if (apiVersion === undefined || kind === undefined || kind.endsWith('List')) return [];
      return [{ apiVersion, kind, file: join(packageName, path.slice(0, -'.d.ts'.length)) }];
    });
}

/** The shape that a declaration file declares, and the module that validates it. */
export function declarationOf(file) {
  if (file in NAMED_SCALARS) return { shape: NAMED_SCALARS[file] };
  const path = join(modulesFolder, `${file}.d.ts`);
  const source = ts.createSourceFile(path, readFileSync(path, 'utf8'), ts.ScriptTarget.Latest, true);
  const first = source.statements.find((node) => ts.isInterfaceDeclaration(node) || ts.isTypeAliasDeclaration(node));
  const imports = importsOf(source, file).set(first.name.text, file);
  const shape = ts.isInterfaceDeclaration(first) ? interfaceShape(first, imports) : shapeOf(first.type, imports);
  return { shape, validator: validatorOf(file, source.text) };
}

function importsOf(source, file) {
  const imports = new Map();
  for (const node of source.statements) {
    if (!ts.isImportDeclaration(node)) continue;
    const specifier = node.moduleSpecifier.text.replace(/\.js$/, '');
    const target = specifier.startsWith('.') ? join(dirname(file), specifier) : specifier;
    for (const element of node.importClause?.namedBindings?.elements ?? []) imports.set(element.name.text, target);
  }
  return imports;
}

/** The class beside a declaration names its validator; an alias is named by its last export. */
function validatorOf(file, text) {
  const script = readFileSync(join(modulesFolder, `${file}.js`), 'utf8');
  const imported = /from"((?:\.\.?\/)+_schemas\/[^"]+)"/.exec(script)?.[1];
  if (imported !== undefined) return join(modulesFolder, dirname(file), imported);
  const alias = /^export type \{ \w+ as I(\w+)/m.exec(text)?.[1];
  const root = file.startsWith('@') ? file.split('/').slice(0, 2).join('/') : file.split('/')[0];
  const path = join(modulesFolder, root, '_schemas', `${alias}.js`);
  return existsSync(path) ? path : undefined;
}

function interfaceShape(node, imports) {
  const own = objectShape(node.members, imports);
  const inherited = (node.heritageClauses ?? []).flatMap((clause) => clause.types).map((type) => type.expression.text);
  const parents = inherited.filter((name) => name !== 'TypeMeta').map((name) => resolvedShape(imports.get(name)));
  if (parents.length === 0) return own;
  return mergeShapes([...parents, own]);
}

/** The shape behind a declaration that may only be another name of one. */
function resolvedShape(file) {
  const { shape } = declarationOf(file);
  return 'ref' in Object(shape) ? resolvedShape(shape.ref) : shape;
}

function mergeShapes(shapes) {
  const objects = shapes.filter((shape) => typeof shape === 'object' && 'fields' in shape);
  if (objects.length === 0) return shapes[0] ?? 'any';
  return {
    fields: Object.assign({}, ...objects.map(({ fields }) => fields)),
    required: [...new Set(objects.flatMap(({ required }) => required))],
    oneOf: objects.flatMap(({ oneOf }) => oneOf),
  };
}

function objectShape(members, imports) {
  const index = members.find((member) => ts.isIndexSignatureDeclaration(member));
  if (index !== undefined) return { map: shapeOf(index.type, imports) };
  if (members.length === 0) return 'any';
  const fields = {};
  const required = [];
  for (const member of members) {
    fields[member.name.text] = shapeOf(member.type, imports);
    if (member.questionToken === undefined) required.push(member.name.text);
  }
  return { fields, required, oneOf: [] };
}

function shapeOf(type, imports) {
  if (ts.isParenthesizedTypeNode(type)) return shapeOf(type.type, imports);
  switch (type.kind) {
    case ts.SyntaxKind.StringKeyword:
      return 'string';
    case ts.SyntaxKind.NumberKeyword:
      return 'number';
    case ts.SyntaxKind.BooleanKeyword:
      return 'boolean';
    case ts.SyntaxKind.UnknownKeyword:
    case ts.SyntaxKind.AnyKeyword:
    case ts.SyntaxKind.ObjectKeyword:
      return 'any';
    case ts.SyntaxKind.TypeLiteral:
      return objectShape(type.members, imports);
    case ts.SyntaxKind.LiteralType:
      return literalShape([type]);
    case ts.SyntaxKind.UnionType:
      return unionShape(type.types);
    case ts.SyntaxKind.IntersectionType:
      return intersectionShape(type.types, imports);
    case ts.SyntaxKind.TypeReference:
      return referenceShape(type, imports);
    case ts.SyntaxKind.IndexedAccessType:
      throw new Error(`an indexed access needs a type checker: ${type.getText()}`);
    default:
      throw new Error(`no shape for ${ts.SyntaxKind[type.kind]}: ${type.getText().slice(0, 200)}`);
  }
}

function unionShape(types) {
  if (types.every((type) => ts.isLiteralTypeNode(type))) return literalShape(types);
  const keywords = types.map((type) => type.kind);
  const isScalar = keywords.every((kind) => kind === ts.SyntaxKind.StringKeyword || kind === ts.SyntaxKind.NumberKeyword);
  return isScalar ? 'int-or-string' : 'any';
}

function literalShape(types) {
  const texts = types.map((type) => (ts.isStringLiteral(type.literal) ? type.literal.text : undefined));
  return texts.includes(undefined) ? 'any' : { enum: texts };
}

/** `base & (alternative | alternative)`: each alternative is the base with further fields required. */
function intersectionShape(types, imports) {
  const bases = types.filter((type) => ts.isTypeLiteralNode(type) || ts.isTypeReferenceNode(type)).map((type) => shapeOf(type, imports));
  const base = mergeShapes(bases.map((shape) => ('ref' in Object(shape) ? resolvedShape(shape.ref) : shape)));
  if (typeof base !== 'object' || !('fields' in base)) return base;
  const groups = types.filter((type) => ts.isParenthesizedTypeNode(type)).map((type) => alternativesOf(type.type, base));
  return { ...base, oneOf: [...base.oneOf, ...groups.filter((group) => group.length > 1)] };
}

function alternativesOf(type, base) {
  const alternatives = ts.isUnionTypeNode(type) ? type.types : [type];
  return alternatives.map((alternative) => {
    if (!ts.isTypeLiteralNode(alternative)) return [];
    const required = alternative.members.filter((member) => member.questionToken === undefined).map((member) => member.name.text);
    return required.filter((name) => !base.required.includes(name));
  });
}

function referenceShape(type, imports) {
  const name = type.typeName.getText();
  if (name === 'Array') return { list: shapeOf(type.typeArguments[0], imports) };
  if (name === 'Record') return { map: shapeOf(type.typeArguments[1], imports) };
  const file = imports.get(name);
  if (file === undefined) throw new Error(`nothing imports ${name}`);
  return file in NAMED_SCALARS ? NAMED_SCALARS[file] : { ref: file };
}

/** The package that a declaration file belongs to, and its path inside. */
export function splitFile(file) {
  const depth = file.startsWith('@') ? 2 : 1;
  const parts = file.split('/');
  return { packageName: parts.slice(0, depth).join('/'), path: relative('.', parts.slice(depth).join('/')) };
}
