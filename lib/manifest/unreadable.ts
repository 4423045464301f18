/**
 * Why a document cannot be read, or be judged, in words that tell what to do.
 *
 * Real repositories hold Helm and envsubst templates, SOPS-encrypted secrets and half-resolved merges among their manifests.
 */
import { YAMLException } from 'js-yaml';
import { Field } from './field';
import { NotFiniteError } from './scalar';
import { type Chunk, lineAt } from './yaml-chunks';

export interface Reason {
  readonly line: number;
  readonly message: string;
}

/** What of a document that cannot be judged is still known: who it is, and which keys it has. */
export interface Unjudged extends Reason {
  /** Content that may answer references. @default - not even that */
  readonly known?: unknown;
}

const TEMPLATE_TAG = /\{\{/;
const HELM = /\{\{-?\s*(?:\.Values\b|\.Release\b|\.Chart\b|include ")/;
/** envsubst and Flux post-build substitution: the whole value stands for something else. */
const VARIABLE = /^\$\{[A-Za-z_][A-Za-z0-9_]*(?::?[-=+][^{}]*)?\}$/;
const VARIABLE_INSIDE = /\$\{[A-Za-z_]\w*(?::?[-=+][^{}]*)?\}|\{\{/;
const TEMPLATED = 'is a template ({{ … }}); render it and check the result';
const SUBSTITUTED = 'is a template (${…}); substitute its variables and check the result';

/** Fields whose text belongs to a program that may well know `${…}` itself. */
const FREE_TEXT = new Set([
  'data',
  'stringData',
  'binaryData',
  'args',
  'command',
  'env',
  'annotations',
  'script',
  'values',
  'valuesObject',
]);
/** Kinds that carry templates as their content. */
const CARRIERS = new Set(['ConfigMap', 'Secret', 'ApplicationSet', 'CustomResourceDefinition', 'HelmRelease', 'ClusterPolicy', 'Policy']);

export function reasonOf(error: unknown, chunk: Chunk): Reason {
  // Not every exception has the mark that its type promises.
  const { mark }: Partial<YAMLException> = error instanceof YAMLException ? error : {};
  const line = chunk.line + (mark?.line ?? 0);
  const at = (pattern: RegExp): number => lineAt(chunk, pattern.exec(chunk.text)?.index ?? 0);
  const { text } = chunk;
  if (text.startsWith('\u0000GITCRYPT')) return { line: chunk.line, message: 'is encrypted with git-crypt; unlock it to check it' };
  if (text.startsWith('version https://git-lfs')) return { line: chunk.line, message: 'is a Git LFS pointer; fetch the file to check it' };
  if (/^<{7} /m.test(text)) return { line: at(/^<{7} /m), message: 'holds the markers of an unresolved merge' };
  if (TEMPLATE_TAG.test(text)) return { line: at(TEMPLATE_TAG), message: TEMPLATED };
  if (error instanceof RangeError || (error instanceof YAMLException && error.reason.includes('maxDepth')))
    return { line, message: 'is nested too deeply to check' };
  if (error instanceof SyntaxError) return jsonReason(error.message, chunk);
  if (error instanceof NotFiniteError)
    return { line: lineAt(chunk, Math.max(0, text.indexOf(error.text))), message: `is not valid YAML: ${error.message}` };
  const reason = error instanceof YAMLException ? error.reason : error instanceof Error ? error.message : String(error);
  return { line, message: `is not valid YAML: ${unquoted(reason)}` };
}

/** As the engine has it, without the piece of the text that it quotes. */
function jsonReason(message: string, chunk: Chunk): Reason {
  const [, what = message, piece = ''] = /^(.*?), (?:\.\.\.)?"(.*)"(?:\.\.\.)? is not valid JSON$/s.exec(message) ?? [];
  const [, plain = what, position] = /^(.*?)(?: in JSON)? at position (\d+)/s.exec(what) ?? [];
  // What is quoted is what stands around the mistake.
  const index = position === undefined ? chunk.text.indexOf(piece) + Math.floor(piece.length / 2) : Number(position);
  return { line: lineAt(chunk, Math.max(0, index)), message: `is not valid JSON: ${plain.replace(/ '[^']*'$/, '')}` };
}

/** What begins with a mark of YAML's may be a password that lacks its quotes. */
function unquoted(reason: string): string {
  return reason
    .replace(/(?<=^unidentified alias) .*/s, '; a text that begins with * needs quotes')
    .replace(/(?<=^tag name (?:cannot contain such characters|is malformed)): .*/s, '');
}

/** @returns undefined for a document that can be judged */
export function unjudged(content: unknown, chunk: Chunk): Unjudged | undefined {
  const { text } = chunk;
  if (typeof content === 'string' && text.trimStart().startsWith('$ANSIBLE_VAULT'))
    return { line: chunk.line, message: 'is encrypted with Ansible Vault' };
  if (typeof content !== 'object' || content === null) return { line: chunk.line, message: 'is no map: not a manifest' };
  if (text.includes('sops')) {
    const encrypted = sops(new Field(content), chunk);
    if (encrypted !== undefined) return encrypted;
  }
  return text.includes('{{') || text.includes('${') ? templated(new Field(content), chunk) : undefined;
}

function sops(root: Field, chunk: Chunk): Unjudged | undefined {
  const mark = root.at('sops');
  if (!mark.at('mac').isSet && !mark.at('lastmodified').isSet) return undefined;
  const line = lineAt(chunk, Math.max(0, chunk.text.search(/^["']?sops\b/m)));
  const message = 'is encrypted with SOPS; its values are not checked';
  const name = root.at('metadata', 'name').string;
  if (name === undefined || name.startsWith('ENC[')) return { line, message };
  const { apiVersion, kind, metadata, type } = Object.fromEntries(root.entries.map(([key, { value }]) => [key, value]));
  const blank = (key: string): Record<string, string> => Object.fromEntries(root.at(key).keys.map((name) => [name, '']));
  return { line, message, known: { apiVersion, kind, metadata, type, data: blank('data'), stringData: blank('stringData') } };
}

function templated(root: Field, chunk: Chunk): Unjudged | undefined {
  const kind = root.at('kind').string ?? '';
  const identity = [root.at('apiVersion'), root.at('kind'), root.at('metadata', 'name'), root.at('metadata', 'namespace')];
  const marked = identity.find(({ string }) => string !== undefined && VARIABLE_INSIDE.test(string));
  if (marked?.string !== undefined) return because(marked.string, chunk);
  if (!root.at('apiVersion').isSet || !root.at('kind').isSet) return undefined;
  const value = CARRIERS.has(kind) ? undefined : substituted(root.value, 0);
  return value === undefined ? undefined : { ...because(value, chunk), known: root.value };
}

/** The first value that is a placeholder for another. */
function substituted(value: unknown, depth: number): string | undefined {
  if (typeof value === 'string') return VARIABLE.test(value) || HELM.test(value) ? value : undefined;
  if (typeof value !== 'object' || value === null) return undefined;
  for (const [key, below] of Object.entries(value)) {
    if (FREE_TEXT.has(key)) continue;
    if (key === 'image' && typeof below === 'string' && VARIABLE_INSIDE.test(below)) return below;
    const found = substituted(below, depth + 1);
    if (found !== undefined) return found;
  }
  return undefined;
}

function because(value: string, chunk: Chunk): Reason {
  return {
    line: lineAt(chunk, Math.max(0, chunk.text.indexOf(value))),
    message: value.includes('{{') ? TEMPLATED : SUBSTITUTED,
  };
}
