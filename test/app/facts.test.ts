/** The checker knows the same cluster as the app. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { cluster } from '../../app/cluster';
import { parseClusterFacts } from '../../lib/facts/parse';

const text = readFileSync(join(__dirname, '../../app/cluster.yaml'), 'utf8');

test('app/cluster.yaml says what app/cluster.ts says; `npm run generate` writes it', () => {
  const { facts, problems } = parseClusterFacts(text, 'app/cluster.yaml');
  expect(problems).toEqual([]);
  expect(facts).toEqual(cluster.facts);
});
