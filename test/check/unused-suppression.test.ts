import { checkFiles } from '../../lib/check/check-files';
import { unusedSuppression } from '../../lib/check/unused-suppression';
import type { Example } from '../../lib/lessons/lesson';
import { isFileLocation } from '../../lib/manifest/document';

function linesFound({ yaml }: Example): number[] {
  const { findings } = checkFiles(new Map([['a.yaml', yaml]]));
  return findings
    .filter(({ lesson }) => lesson === unusedSuppression.id)
    .map(({ location }) => (isFileLocation(location) ? location.line : 0));
}

function linesMarked({ yaml }: Example): number[] {
  return yaml.split('\n').flatMap((line, index) => (line.includes('# <- here') ? [index + 1] : []));
}

test.each(unusedSuppression.bad)('finds its bad example at the marked lines', (example) => {
  expect(linesMarked(example)).not.toEqual([]);
  expect(linesFound(example)).toEqual(linesMarked(example));
});

test.each(unusedSuppression.good)('accepts its good example', (example) => {
  expect(linesFound(example)).toEqual([]);
});
