/** Where a finding is, in the words of each format. */
import { posix } from 'node:path';
import { type FileLocation, isFileLocation, type Location } from '../manifest/document';
import type { Resource } from '../resources/resource';

/** `file:line:column`, or the path of the construct. */
export function placeText(location: Location): string {
  return isFileLocation(location) ? `${location.file}:${location.line}:${location.column}` : location.construct;
}

/** `file:line`, or the path of the construct. */
export function lineText(location: Location): string {
  return isFileLocation(location) ? `${location.file}:${location.line}` : location.construct;
}

/** The file, or the construct's path: what findings are grouped by. */
export function sourceOf(location: Location): string {
  return isFileLocation(location) ? location.file : location.construct;
}

export function fileLocation(location: Location): FileLocation | undefined {
  return isFileLocation(location) ? location : undefined;
}

/** Whether the document is text, such as a Dockerfile: no pointer leads into it. */
export function isPlainText(resource: Resource): boolean {
  return Array.isArray(resource.document.content);
}

/** A file's name as seen from the root of the checkout, where other programs look for it. */
export function fromRoot(file: string, folder: string): string {
  if (folder === '' || posix.isAbsolute(file) || file.startsWith('<')) return file;
  return posix.join(folder, file);
}
