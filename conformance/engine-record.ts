/** The engine's answers to a case, small enough to keep: what `npm test` compares with where there is no Go. */
import { createHash } from 'node:crypto';
import { Field } from '../lib/manifest/field';
import type { EngineCase, EngineResult } from './engine-case';

export interface EngineRecord {
  readonly seed: number;
  readonly index: number;
  /** Of the case: another generator gives another case, which the answers are not about. */
  readonly digest: string;
  readonly rejected: readonly number[];
  /** A letter for each side of each question. */
  readonly answers: string;
}

const LETTERS: Readonly<Record<string, string>> = { allow: 'a', deny: 'd', none: '-', unresolved: 'x' };
const ANSWERS: Readonly<Record<string, string>> = Object.fromEntries(Object.entries(LETTERS).map(([answer, letter]) => [letter, answer]));

export function recordOf(seed: number, index: number, input: EngineCase, result: EngineResult | undefined): EngineRecord {
  if (result === undefined) throw new Error(`the engine did not answer ${input.id}`);
  const answers = result.verdicts.flat().map((answer) => LETTERS[answer] ?? '?');
  return { seed, index, digest: digestOf(input), rejected: result.rejected.map((one) => one.index), answers: answers.join('') };
}

export function digestOf(input: EngineCase): string {
  return createHash('sha256').update(JSON.stringify(input)).digest('hex').slice(0, 12);
}

/** A recorded result as the engine would give it again, without its words. */
export function resultOf(id: string, record: EngineRecord): EngineResult {
  const sides = [...record.answers].map((letter) => ANSWERS[letter] ?? letter);
  const verdicts = Array.from({ length: sides.length / 2 }, (_, query): readonly [string, string] => [
    sides[2 * query] ?? '',
    sides[2 * query + 1] ?? '',
  ]);
  return { id, verdicts, rejected: record.rejected.map((index) => ({ index, error: 'recorded' })), unresolved: {} };
}

export function readRecords(json: unknown): EngineRecord[] {
  return new Field(json).items.map((item) => ({
    seed: item.at('seed').number ?? 0,
    index: item.at('index').number ?? 0,
    digest: item.at('digest').string ?? '',
    rejected: item.at('rejected').items.flatMap((index) => index.number ?? []),
    answers: item.at('answers').string ?? '',
  }));
}
