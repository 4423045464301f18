// Writes the facts of app/cluster.ts where the checker can read them: app/cluster.yaml, which hindsight.config.yaml names.
import { writeFileSync } from 'node:fs';
import { Yaml } from 'cdk8s';
import { cluster } from '../app/cluster';

writeFileSync(
  'app/cluster.yaml',
  `# Written by \`npm run generate\` from cluster.ts: change the facts there.\n${Yaml.stringify(cluster.facts)}`,
);
