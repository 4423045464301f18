// Prints how time grows: `npm run bench`, or `npm run bench -- synth` for one of them.
import type { Bench } from './measure';
import { checkBench } from './check';
import { networkBench } from './network';
import { synthBench } from './synth';

const benches: readonly Bench[] = [synthBench, checkBench, networkBench];
const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !benches.some((bench) => bench.name === name));
if (unknown.length > 0) {
  console.error(`no bench is called ${unknown.join(', ')}; there are ${benches.map(({ name }) => name).join(', ')}`);
  process.exit(2);
}
for (const { name, description, rows } of benches) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  console.log(`\n${name}: ${description}`);
  console.table([...rows()]);
}
