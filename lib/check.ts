/** The checker as a library: text in, findings out. Loads nothing of cdk8s and touches no disk. */
export type { Finding, RelatedPlace, Report, SkippedLesson, SuppressedFinding } from './check/finding';
export { judge } from './check/judge';
export { Cluster, ClusterNode } from './facts/cluster';
export type * from './facts/cluster-facts';
export { lessons } from './lessons';
export type { Context, Edit, Example, Fix, Lesson, Related, Section, Severity, Skip, Violation } from './lessons/lesson';
export type { Applied, ConstructLocation, Document, FileLocation, Location, Problem } from './manifest/document';
export { isFileLocation } from './manifest/document';
export type { JsonPointer, Step } from './manifest/json-pointer';
export { NO_REPOSITORY, type Repository } from './manifest/repository';
export { type Reading, readYaml } from './manifest/yaml';
export { Resource } from './resources/resource';
export { Resources } from './resources/resources';
