/**
 * A YAML document as nodes: slower than plain content, but every node knows its place.
 *
 * Two readers need it: positions, and documents with merge keys, whose order of precedence js-yaml does not share with go-yaml.
 */
import {
  isAlias,
  isMap,
  isPair,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parseAllDocuments,
  type Pair,
  type YAMLMap,
  type YAMLSeq,
} from 'yaml';
import type { Chunk } from './yaml-chunks';
import { type Dialect, scalarValue } from './scalar';

/** What a merge may add to a document in all; more is an attack. */
const MOST_MERGED = 100_000;

export interface Entry {
  readonly key: Node;
  readonly value: Node | null;
}

export class YamlTree {
  readonly lines = new LineCounter();
  readonly root: Node | null;
  private readonly targets = new Map<Node, Node>();
  private readonly contents = new Map<Node, unknown>();
  private readonly open = new Set<Node>();
  private merged = 0;

  constructor(
    readonly chunk: Chunk,
    private readonly dialect: Dialect,
  ) {
    // Without a schema every scalar stays text: what it means is the dialect's to say.
    const documents = parseAllDocuments(chunk.text, {
      lineCounter: this.lines,
      schema: 'failsafe',
      strict: false,
      uniqueKeys: false,
      logLevel: 'silent',
      customTags: [],
    });
    this.root = (Array.isArray(documents) ? documents[0]?.contents : null) ?? null;
    this.resolveAliases(this.root, new Map());
  }

  /** The plain content. Aliases share what they name. */
  content(node: Node | null = this.root): unknown {
    if (node === null) return null;
    if (isAlias(node)) return this.content(this.target(node));
    if (isScalar(node)) return this.scalar(node.value, node.type, node.tag);
    if (this.contents.has(node)) return this.contents.get(node);
    if (this.open.has(node)) throw new Error('an anchor contains itself');
    this.open.add(node);
    const content = isSeq(node) ? node.items.map((item) => this.content(nodeOf(item))) : isMap(node) ? this.map(node) : null;
    this.open.delete(node);
    this.contents.set(node, content);
    return content;
  }

  /** The key and value of a map that win for a key, through its merges. */
  entry(map: YAMLMap, key: string): Entry | undefined {
    let found: Entry | undefined;
    let isExplicit = false;
    for (const pair of map.items) {
      if (isMerge(pair)) {
        if (this.dialect === 'kustomize' && (isExplicit || found !== undefined)) continue;
        found =
          this.merges(pair)
            .map((source) => this.entry(source, key))
            .find((entry) => entry !== undefined) ?? found;
      } else if (isNode(pair.key) && this.keyText(pair.key) === key) {
        found = { key: pair.key, value: nodeOf(pair.value) };
        isExplicit = true;
      }
    }
    return found;
  }

  item(list: YAMLSeq, index: number): Node | null {
    return nodeOf(list.items[index]);
  }

  /** The node that an alias stands for; any other node is itself. */
  target(node: Node | null): Node | null {
    return node !== null && isAlias(node) ? (this.targets.get(node) ?? null) : node;
  }

  /** An alias stands for the nearest anchor of its name above it: one walk in the order of the text finds all. */
  private resolveAliases(node: Node | null, anchors: Map<string, Node>): void {
    if (node === null) return;
    if (isAlias(node)) {
      const target = anchors.get(node.source);
      if (target !== undefined) this.targets.set(node, target);
      return;
    }
    if ((isScalar(node) || isMap(node) || isSeq(node)) && node.anchor !== undefined) anchors.set(node.anchor, node);
    if (isSeq(node)) for (const item of node.items) this.resolveAliases(nodeOf(item), anchors);
    if (isMap(node))
      for (const { key, value } of node.items) {
        this.resolveAliases(nodeOf(key), anchors);
        this.resolveAliases(nodeOf(value), anchors);
      }
  }

  private map(node: YAMLMap): Record<string, unknown> {
    const content: Record<string, unknown> = {};
    for (const pair of node.items) {
      if (isMerge(pair)) {
        // go-yaml 2 lets a merge overwrite what stands before it.
        for (const source of [...this.merges(pair)].reverse())
          for (const [key, value] of Object.entries(this.content(source) ?? {})) {
            if (++this.merged > MOST_MERGED) throw new Error('merge keys multiply without end');
            define(content, key, value);
          }
      } else if (isNode(pair.key)) define(content, this.keyText(pair.key), this.content(nodeOf(pair.value)));
    }
    return content;
  }

  private merges(pair: Pair): YAMLMap[] {
    const value = this.target(nodeOf(pair.value));
    if (isMap(value)) return [value];
    const sources = isSeq(value) ? value.items.map((item) => this.target(nodeOf(item))) : [];
    if (!isSeq(value) || !sources.every((source) => isMap(source))) throw new Error('a merge key takes a map, or a list of maps');
    return sources.filter((source) => isMap(source));
  }

  private keyText(key: Node): string {
    const value = this.content(key);
    if (typeof value === 'string') return value;
    if (typeof value !== 'number' && typeof value !== 'boolean') throw new Error('a key is neither text, number nor boolean');
    return String(value);
  }

  private scalar(value: unknown, type: string | undefined, tag: string | undefined): unknown {
    const text = typeof value === 'string' ? value : '';
    return type === 'PLAIN' && tag === undefined ? scalarValue(text, this.dialect) : tagged(text, tag, type, this.dialect);
  }
}

function tagged(text: string, tag: string | undefined, type: string | undefined, dialect: Dialect): unknown {
  switch (tag) {
    case 'tag:yaml.org,2002:int':
    case 'tag:yaml.org,2002:float':
    case 'tag:yaml.org,2002:bool':
    case 'tag:yaml.org,2002:null':
      return scalarValue(text, dialect);
    case 'tag:yaml.org,2002:binary':
      return Buffer.from(text, 'base64').toString('utf8');
    case undefined:
      return type === undefined && text === '' ? null : text;
    default:
      return text;
  }
}

function isMerge(pair: Pair): boolean {
  return isScalar(pair.key) && pair.key.type === 'PLAIN' && pair.key.value === '<<';
}

function isNode(value: unknown): value is Node {
  return isScalar(value) || isMap(value) || isSeq(value) || isAlias(value);
}

function nodeOf(value: unknown): Node | null {
  return isNode(value) && !isPair(value) ? value : null;
}

function define(map: Record<string, unknown>, key: string, value: unknown): void {
  if (key === '__proto__') Object.defineProperty(map, key, { value, enumerable: true, configurable: true, writable: true });
  else map[key] = value;
}
