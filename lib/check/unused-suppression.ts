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
  remedy: 'remove the suppression, or name the lesson that it is meant for',
  confirm: [],
  limits:
    'A suppression of a lesson that did not run, was switched off or lacked facts is not reported, nor are those in files that could not be read as a whole.',
  bad: [],
  good: [],
  violations: () => [],
};
