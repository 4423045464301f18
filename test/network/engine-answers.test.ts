/** The evaluator against what Cilium's own engine answered when conformance/record.sh was last run. */
import answers from './engine-answers.json';
import { compare } from '../../conformance/compare';
import { randomCase } from '../../conformance/engine-case';
import { digestOf, readRecords, resultOf } from '../../conformance/engine-record';

test.each(readRecords(answers).map((record) => [record.index, record] as const))('case %i agrees with the engine', (_, record) => {
  const prepared = randomCase(record.seed, record.index);
  if (digestOf(prepared.input) !== record.digest)
    throw new Error('the generator of random clusters has changed: run conformance/record.sh');
  const { differences, compared, unknown } = compare(prepared, resultOf(prepared.input.id, record));
  expect(differences).toEqual([]);
  expect(unknown).toBeLessThan(compared / 5);
});
