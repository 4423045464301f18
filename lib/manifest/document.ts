/**
 * What every later layer reads: content, and where each field of it was written.
 *
 * A document from a YAML file and one from a construct are the same thing to a lesson; only `locate` differs.
 */
import type { JsonPointer } from './json-pointer';

/** A region of a file. Lines and columns count from 1; the end is exclusive. */
export interface FileLocation {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly endLine: number;
  readonly endColumn: number;
}

/** A construct of a cdk8s app, by its path. */
export interface ConstructLocation {
  readonly construct: string;
}

export type Location = FileLocation | ConstructLocation;

export interface Document {
  /** Plain data: maps, lists, strings, finite numbers, booleans, null. Never mutated. */
  readonly content: unknown;
  /** The file, or the construct path, that the document as a whole comes from. */
  readonly source: string;
  /** Where the field, or its nearest existing parent, was written. */
  locate(pointer: JsonPointer): Location;
  /**
   * Where the field is to be edited: of what a kustomization renders, the place in a resource, a patch or the kustomization.
   * @default - the document is not from a file
   */
  origin?(pointer: JsonPointer): Origin | undefined;
  /**
   * What is known of how the document is applied, from what surrounds it rather than from itself.
   * @default - nothing
   */
  readonly applied?: Applied;
}

/** A field of a document of a file. */
export interface Origin {
  readonly file: string;
  /** Which piece of the file between its separators, from 0: an index into `chunksOf` of its text. */
  readonly chunk: number;
  /** The field in that piece, which is another than in the document where a List or a kustomization stands between. */
  readonly pointer: JsonPointer;
  readonly value: FileLocation;
  readonly key: FileLocation;
}

/** How other files of the repository say that a document is applied. */
export interface Applied {
  /** The namespace that it lands in when it names none. @default - unknown */
  readonly namespace?: string;
  /** The outermost kustomization that renders it. @default - none: the document is as its file says */
  readonly kustomization?: string;
  /** The Argo CD Application that applies it. @default - none is known */
  readonly application?: AppliedBy;
}

/** An Argo CD Application, as far as what it applies is concerned. */
export interface AppliedBy {
  readonly name: string;
  /** The namespace of the Application itself. @default - unknown */
  readonly namespace?: string;
  readonly selfHeal: boolean;
  readonly prune: boolean;
}

/** Something that could not be read; the rest of the input still was. */
export interface Problem {
  readonly file: string;
  /** @default - the whole file */
  readonly line?: number;
  readonly message: string;
  /** The field that cannot be followed. @default - none in particular */
  readonly path?: JsonPointer;
}

export function isFileLocation(location: Location): location is FileLocation {
  return 'file' in location;
}
