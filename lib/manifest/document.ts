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
   * What is known of how the document is applied, from what surrounds it rather than from itself.
   * @default - nothing
   */
  readonly applied?: Applied;
}

/** How other files of the repository say that a document is applied. */
export interface Applied {
  /** The namespace that it lands in when it names none. @default - unknown */
  readonly namespace?: string;
}

/** Something that could not be read; the rest of the input still was. */
export interface Problem {
  readonly file: string;
  /** @default - the whole file */
  readonly line?: number;
  readonly message: string;
}

export function isFileLocation(location: Location): location is FileLocation {
  return 'file' in location;
}
