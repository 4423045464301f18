/** The checker as a library: text in, findings out. Loads nothing of cdk8s and touches no disk. */
export { type Baseline, baselineText, fingerprintOf, parseBaseline, withoutKnown } from './check/baseline';
export { checkFiles, type CheckOptions, knownLessons } from './check/check-files';
export { type Config, parseConfig, type ParsedConfig } from './check/config';
export type { Extent, Finding, RelatedPlace, Report, SkippedLesson, SuppressedFinding } from './check/finding';
export { judge } from './check/judge';
export { type Override, type Setting, type Settings } from './check/settings';
export { Cluster, ClusterNode } from './facts/cluster';
export type * from './facts/cluster-facts';
export { parseClusterFacts, type ParsedFacts } from './facts/parse';
export { lessons } from './lessons';
export type { Context, Edit, Example, Fix, Lesson, Related, Section, Severity, Skip, Violation } from './lessons/lesson';
export type { Applied, ConstructLocation, Document, FileLocation, Location, Problem } from './manifest/document';
export { isFileLocation } from './manifest/document';
export type { JsonPointer, Step } from './manifest/json-pointer';
export { NO_REPOSITORY, type Repository } from './manifest/repository';
export { type Reading, readYaml } from './manifest/yaml';
export { Resource } from './resources/resource';
export { Resources } from './resources/resources';
