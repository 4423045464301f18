import { knownLessons as lessons } from '../check/check-files';
import { nearestName } from '../manifest/nearest-name';
import { lessonPage } from '../report/lesson-page';
import type { Outcome } from './outcome';

/** The page of a lesson. */
export function explain(id: string): Outcome {
  const lesson = lessons.find((candidate) => candidate.id === id);
  if (lesson !== undefined) return { text: lessonPage(lesson), exitCode: 0 };
  const nearest = nearestName(
    id,
    lessons.map((candidate) => candidate.id),
  );
  const mend = nearest === undefined ? '`hindsight lessons` lists them' : `did you mean ${nearest}?`;
  return { error: `no lesson is called "${id}"; ${mend}`, exitCode: 2 };
}
