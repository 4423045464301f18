/** What is reported of suppressions themselves: told like a lesson, found after all of them have judged. */
import type { Lesson } from '../lessons/lesson';

export const unusedSuppression: Lesson = {
  id: 'unused-suppression',
  title: 'a suppression suppresses something',
  section: 'Delivery',
  severity: 'info',
  incident: {
    symptom: 'a finding was accepted for a reason, the reason went away, and years later the comment hid another finding at the same place',
    cause: 'nobody looks at a comment that changes nothing',
    source: 'the practice of linters that report unused exceptions, such as ESLint and mypy',
  },
  remedy: 'remove the suppression, or name the lesson that it is meant for; --update-baseline writes a baseline anew',
  confirm: [],
  limits:
    'A suppression of a lesson that did not run, was switched off or lacked facts is not reported, nor are those in files that could not be read as a whole. Of a baseline, entries of files that were not checked are left alone. Where it is not wanted, it is switched off as any lesson: by `--except unused-suppression`, or under `lessons` of the configuration.',
  bad: [
    {
      yaml: `apiVersion: apps/v1
kind: Deployment
metadata:
  name: was
  namespace: blog
  annotations:
    hindsight.dev/ignore.mutable-image-tag: the tag was latest once # <- here
spec:
  replicas: 2 # hindsight-ignore schema: this was a text once # <- here
  selector: {matchLabels: {app: was}}
  template:
    metadata: {labels: {app: was}}
    spec: {containers: [{name: was, image: "was:1.4.2"}]}
`,
    },
  ],
  good: [
    {
      yaml: `apiVersion: apps/v1
kind: Deployment
metadata: {name: was, namespace: blog}
spec:
  replicas: "2" # hindsight-ignore schema: a program fills it in before it is applied
  selector: {matchLabels: {app: was}}
  template:
    metadata: {labels: {app: was}}
    spec: {containers: [{name: was, image: "was:1.4.2"}]}
`,
    },
  ],
  violations: () => [],
};
