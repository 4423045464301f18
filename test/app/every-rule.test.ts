/** Whatever rule is taken out of the committed policies, the checker names the flow that is lost, and its mend restores the rule. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Document, parseAllDocuments } from 'yaml';
import { cluster } from '../../app/cluster';
import { checkFiles } from '../../lib/check/check-files';
import type { Finding, Report } from '../../lib/check/finding';
import { fixAll } from '../../lib/check/fix';
import { Field } from '../../lib/manifest/field';
import { readYaml } from '../../lib/manifest/yaml';
import { type Endpoint, endpointText } from '../../lib/network/endpoint';
import { infrastructureOf } from '../../lib/network/infrastructure';
import { KnownFlows } from '../../lib/network/known-flows';
import { Resources } from '../../lib/resources/resources';

type Files = ReadonlyMap<string, string>;

const folder = join(__dirname, '../../dist');
const files: Files = new Map(
  readdirSync(folder)
    .filter((name) => name.endsWith('.yaml'))
    .map((name) => [name, readFileSync(join(folder, name), 'utf8')]),
);
const check = (some: Parameters<typeof checkFiles>[0]): Report => checkFiles(some, { cluster });
const line = ({ lesson, resource, message }: Finding): string => `${lesson}: ${resource.kind} ${resource.name}: ${message}`;
const before = check(files).findings.map(line);

/** One permission that is taken out, and how the flows are called that it allows. */
interface Cut {
  readonly name: string;
  readonly file: string;
  readonly document: number;
  readonly path: readonly (string | number)[];
  /** In the order of its ports; none for a rule that allows nobody. */
  readonly flows: readonly string[];
  /** Nothing of its direction is left. */
  readonly isLast: boolean;
}

/**
 * A sidecar offers its telemetry on two ports, merged and its own, and no manifest says which of them Prometheus reads. So
 * one alone may be missing; both may not, which is the cut of the whole rule.
 */
const UNPROVABLE = [
  'was-isolation: TCP 15020 of ingress/1',
  'was-isolation: TCP 15090 of ingress/1',
  'web-isolation: TCP 15020 of ingress/1',
  'web-isolation: TCP 15090 of ingress/1',
];

const cuts = [...files].flatMap(([file, text]) =>
  parseAllDocuments(text).flatMap((document, index) => ('empty' in document ? [] : cutsOf(file, index, document))),
);

function cutsOf(file: string, document: number, parsed: Document): Cut[] {
  const policy = new Field(parsed.toJS());
  if (!/NetworkPolicy$/.test(policy.at('kind').string ?? '')) return [];
  const { name = '' } = policy.at('metadata').texts;
  const subject = `blog-system/${policy.at('spec', 'endpointSelector', 'matchLabels', 'app').string ?? ''}`;
  return (['ingress', 'egress'] as const).flatMap((direction) =>
    policy.at('spec', direction).items.flatMap((rule, at, rules): Cut[] => {
      const rulePath = ['spec', direction, at];
      const place = `${direction}/${at}`;
      const flowsOn = (ports: readonly Field[]): string[] =>
        ports.map((port) => {
          const peer = peerText(rule);
          const ends = direction === 'egress' ? `${subject} to ${peer}` : `${peer} to ${subject}`;
          return `${ends} on ${port.at('protocol').string ?? ''} ${port.at('port').string ?? ''}`;
        });
      const cut = (what: string, path: Cut['path'], ports: readonly Field[]): Cut => ({
        name: `${name}: ${what}${place}`,
        file,
        document,
        path,
        flows: flowsOn(ports),
        isLast: path === rulePath && rules.length === 1,
      });
      const entries = rule.at('toPorts').items;
      const allPorts = entries.flatMap((entry) => entry.at('ports').items);
      return [
        cut('', rulePath, allPorts),
        ...entries.flatMap((entry, entryAt) => [
          ...entry
            .at('ports')
            .items.map((port, portAt) =>
              cut(
                `${port.at('protocol').string ?? ''} ${port.at('port').string ?? ''} of `,
                [...rulePath, 'toPorts', entryAt, 'ports', portAt],
                [port],
              ),
            ),
          ...(entry.at('rules').isSet ? [cut('the DNS rule of ', [...rulePath, 'toPorts', entryAt, 'rules'], allPorts)] : []),
        ]),
        ...rule.keys
          // Without its last name a rule is about every peer: that takes nothing away.
          .filter((key) => key !== 'toPorts' && key !== 'toFQDNs')
          .flatMap((key) => rule.at(key).items.map((_, peerAt) => cut('the peer of ', [...rulePath, key, peerAt], allPorts))),
      ];
    }),
  );
}

/** As findings call it. */
function peerText(rule: Field): string {
  const name = rule.at('toFQDNs', 0, 'matchName').string;
  if (name !== undefined) return `fqdn:${name}`;
  const { ['k8s:io.kubernetes.pod.namespace']: namespace = '', ...labels } = [
    ...rule.at('toEndpoints').items,
    ...rule.at('fromEndpoints').items,
  ]
    .map((selector) => selector.at('matchLabels').texts)
    .reduce((all, one) => ({ ...all, ...one }), {});
  if (namespace === 'blog-system') return `blog-system/${labels['app'] ?? ''}`;
  return `pods ${Object.entries(labels)
    .map((pair) => pair.join('='))
    .join(',')} of namespace ${namespace}`;
}

function without({ file, document, path }: Cut): Files {
  const documents = parseAllDocuments(files.get(file) ?? '');
  const parsed = 'empty' in documents ? undefined : documents[document];
  expect(parsed?.deleteIn(path)).toBe(true);
  return new Map([...files, [file, ('empty' in documents ? [] : documents).map((one) => one.toString()).join('')]]);
}

/** What the policies say to everybody on every port that anything here serves. */
function verdictsOf(some: ReadonlyMap<string, string | Uint8Array>): readonly string[] {
  const documents = [...some].flatMap(([name, text]) => readYaml(String(text), name).documents);
  const { network, resources } = new KnownFlows(new Resources(documents, cluster.existing), cluster);
  const ends: readonly Endpoint[] = [
    ...resources.workloads.map((workload): Endpoint => ({ kind: 'workload', workload })),
    ...infrastructureOf(cluster).map(({ endpoint }) => endpoint),
    { kind: 'fqdn', name: 'jimin-mysql-backup.s3.ap-northeast-2.amazonaws.com' },
    { kind: 'fqdn', name: 's3.ap-northeast-2.amazonaws.com' },
  ];
  const ports = [53, 80, 443, 3306, 8080, 9104, 15012, 15020, 15090];
  return ends.flatMap((from) =>
    ends.flatMap((to) =>
      ports.flatMap((port) =>
        (['TCP', 'UDP'] as const).map(
          (protocol) =>
            `${endpointText(from)} ${endpointText(to)} ${protocol} ${port} ${network.verdict(from, to, port, protocol).verdict}`,
        ),
      ),
    ),
  );
}

const verdicts = verdictsOf(files);

/** What is new, and the files and findings after every mend. */
function judged(cut: Cut) {
  const broken = without(cut);
  const report = check(broken);
  const found = report.findings.filter((finding) => !before.includes(line(finding)));
  return { found, mended: fixAll(broken, report, check, new Set(files.keys())) };
}

test('the committed policies hold rules to take out, of every kind that is spoken of here', () => {
  expect(cuts.length).toBeGreaterThan(50);
  expect(cuts.filter(({ isLast }) => isLast).map(({ name }) => name)).toEqual([
    'mysql-isolation: egress/0',
    'mysql-exporter-isolation: ingress/0',
    'mysql-backup-isolation: ingress/0',
    'mysql-restore-drill-isolation: ingress/0',
  ]);
  expect(cuts.map(({ name }) => name)).toEqual(expect.arrayContaining(UNPROVABLE));
});

const provable = cuts.filter(({ name }) => !UNPROVABLE.includes(name));

test.each(provable.filter(({ isLast }) => !isLast))('without $name exactly that flow is found, and its mend restores the rule', (cut) => {
  const { found, mended } = judged(cut);
  expect(found.map(line)).toEqual([expect.stringMatching(named(cut))]);
  expect(found[0]?.resource.name).toBe(cut.name.split(':')[0]);
  expect(mended.declined).toEqual([]);
  expect(mended.report.findings.map(line)).toEqual(before);
  expect(verdictsOf(mended.files)).toEqual(verdicts);
});

/** The finding that says it: of lookups and sidecars other lessons than of connections. */
function named({ name, flows: [first = '', ...more] }: Cut): RegExp {
  const [from = '', rest = ''] = first.split(' to ');
  const [to = '', port = ''] = rest.split(' on ');
  const all = (...parts: readonly string[]): RegExp => new RegExp(parts.map((part) => escaped(part)).join('.*'), 's');
  if (name.includes('the DNS rule'))
    return all('fqdn-needs-dns-rule', 'no DNS rule shows lookups of jimin-mysql-backup.s3.', from.split('/')[1] ?? '');
  if (port === 'TCP 53') return all('dns-egress-missing', `${from} uses names`, 'over UDP only');
  if (port === 'UDP 53') return all('dns-egress-missing', `${from} uses names`, 'port 53 over UDP and TCP');
  if (port === 'TCP 15012')
    return all('isolation-without-mesh-ports', `the sidecar of Rollout ${from} cannot reach its control plane, ${to}, on TCP 15012`);
  if (port === 'TCP 15020') return all('isolation-without-mesh-ports', `${from} cannot read the telemetry of the sidecar of Rollout ${to}`);
  expect(more).toEqual([]);
  return all('flow-denied', `rule allows ${first}`);
}

function escaped(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
}

test.each(provable.filter(({ isLast }) => isLast))(
  'without $name, the last of its direction, what stands open is found, and closed again',
  (cut) => {
    const { found, mended } = judged(cut);
    expect(found.map(({ lesson }) => lesson)).toEqual(['empty-rules-deny-nothing']);
    expect(found[0]?.resource.name).toBe(cut.name.split(':')[0]);
    // Closed, it lacks the rule that was taken out, which the next round names and restores.
    const denied = mended.fixed.filter(({ lesson }) => lesson === 'flow-denied').map(({ message }) => message);
    expect(denied).toEqual(cut.flows.map((flow): unknown => expect.stringContaining(`rule allows ${flow}`)));
    expect(mended.report.findings.map(line)).toEqual(before);
    expect(verdictsOf(mended.files)).toEqual(verdicts);
  },
);

test.each(cuts.filter(({ name }) => UNPROVABLE.includes(name)))(
  'without $name nothing is found, since the other port may be the one that is read',
  (cut) => {
    expect(judged(cut).found.map(line)).toEqual([]);
  },
);
