/** A report of files that are written in the test. */
import { checkFiles, type CheckOptions } from '../../lib/check/check-files';
import type { Report } from '../../lib/check/finding';
import { lessons } from '../../lib/lessons';

export type Files = Readonly<Record<string, string>>;

/** @param ids the lessons that judge. @default - all */
export function reported(files: Files, ids?: readonly string[], options: CheckOptions = {}): Report {
  return checkFiles(new Map(Object.entries(files)), {
    ...options,
    ...(ids === undefined ? {} : { lessons: lessons.filter(({ id }) => ids.includes(id)) }),
  });
}

export const DEPLOYMENT = `apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  namespace: blog
  annotations:
    sidecar.istio.io/inject: "false"
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: "web:1.0"}]}
`;
