/** What a check says. The shapes of the JSON output, before locations are printed. */
import type { FactName } from '../facts/cluster-facts';
import type { Location, Problem } from '../manifest/document';
import type { JsonPointer } from '../manifest/json-pointer';
import type { Fix, Severity } from '../lessons/lesson';
import type { Resource } from '../resources/resource';

export interface Finding {
  readonly lesson: string;
  readonly severity: Severity;
  /** `Kind namespace/name: what is so, and what follows from it` */
  readonly message: string;
  readonly resource: Resource;
  /** The field, or its nearest existing parent. */
  readonly path: JsonPointer;
  readonly location: Location;
  readonly related: readonly RelatedPlace[];
  readonly fix?: Fix;
}

export interface RelatedPlace {
  readonly message: string;
  readonly resource: Resource;
  readonly location: Location;
}

export interface SuppressedFinding extends Finding {
  readonly reason: string;
}

/** A lesson that could not judge some resources for want of facts. */
export interface SkippedLesson {
  readonly lesson: string;
  readonly needs: readonly FactName[];
  readonly resources: number;
}

export interface Report {
  readonly findings: readonly Finding[];
  readonly suppressed: readonly SuppressedFinding[];
  readonly skipped: readonly SkippedLesson[];
  readonly problems: readonly Problem[];
  readonly summary: Extent;
}

/** How much was looked at. */
export interface Extent {
  readonly files: number;
  readonly documents: number;
}

/** Files by their names, relative to the working folder. */
export type FileContents = ReadonlyMap<string, string | Uint8Array>;
