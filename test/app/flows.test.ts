/** The committed policies allow what app/flows.yaml lists, and nothing among the platform's workloads that it does not. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { cluster } from '../../app/cluster';
import { readYaml } from '../../lib/manifest/yaml';
import { askedFlow, parseExpectedFlows } from '../../lib/network/expected-flows';
import { Network } from '../../lib/network/network';
import { Resources } from '../../lib/resources/resources';

const dist = join(__dirname, '../../dist');
const files = readdirSync(dist).filter((name) => name.endsWith('.yaml'));
const resources = new Resources(
  files.flatMap((name) => readYaml(readFileSync(join(dist, name), 'utf8'), name).documents),
  cluster.existing,
);
const network = new Network(resources, cluster);
const { flows, problems } = parseExpectedFlows(readFileSync(join(__dirname, '../../app/flows.yaml'), 'utf8'), 'app/flows.yaml');

test('app/flows.yaml is read without a problem', () => {
  expect(problems).toEqual([]);
});

test('app/flows.yaml lists each flow once', () => {
  const listed = flows.map(({ from, to }) => `${from} to ${to}`);
  expect(listed.filter((flow, index) => listed.indexOf(flow) !== index)).toEqual([]);
});

test.each(flows.map((flow) => [flow.verdict, flow.from, flow.to] as const))('%s: %s to %s', (verdict, from, to) => {
  const asked = askedFlow(network, from, to);
  expect('flow' in asked ? asked.flow.verdict : asked.problem).toBe(verdict);
});

test('among the workloads, exactly the declared connections are possible', () => {
  const workloads = resources.workloads.filter(({ namespace }) => namespace === 'blog-system');
  const ports = { web: 80, was: 8080, mysql: 3306, 'mysql-exporter': 9104 };
  const possible = workloads.flatMap((from) =>
    Object.entries(ports).flatMap(([name, port]) => {
      const to = workloads.find((workload) => workload.name === name);
      if (to === undefined || to === from) return [];
      const { verdict } = network.verdict({ kind: 'workload', workload: from }, { kind: 'workload', workload: to }, port);
      return verdict === 'deny' ? [] : [`${from.name} -> ${name}:${port} ${verdict}`];
    }),
  );
  expect(possible.sort()).toEqual([
    'mysql-backup -> mysql:3306 allow',
    'mysql-exporter -> mysql:3306 allow',
    'was -> mysql:3306 allow',
    'web -> was:8080 allow',
  ]);
});
