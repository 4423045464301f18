/**
 * The schemas against the validators that they were taken from.
 *
 * From a kind's schema an object is made that has every field once. Then each value in turn is replaced by one of every other
 * type, and both are asked whether they refuse it at that place.
 */
import { pointerTo } from '../../lib/manifest/json-pointer';
import { schemaProblems } from '../../lib/manifest/schema';
import { type Located, resolve, schemaOfKind } from '../../lib/manifest/schema-types';

interface Validate {
  (data: unknown): boolean;
  readonly errors?: readonly { readonly instancePath: string; readonly keyword: string }[] | null;
}

const KINDS: readonly (readonly [apiVersion: string, kind: string, validator: string])[] = [
  ['apps/v1', 'Deployment', '../../node_modules/kubernetes-models/_schemas/IoK8sApiAppsV1Deployment.js'],
  ['v1', 'Service', '../../node_modules/kubernetes-models/_schemas/IoK8sApiCoreV1Service.js'],
  ['networking.k8s.io/v1', 'Ingress', '../../node_modules/kubernetes-models/_schemas/IoK8sApiNetworkingV1Ingress.js'],
  [
    'autoscaling/v2',
    'HorizontalPodAutoscaler',
    '../../node_modules/kubernetes-models/_schemas/IoK8sApiAutoscalingV2HorizontalPodAutoscaler.js',
  ],
  ['networking.istio.io/v1', 'VirtualService', '../../node_modules/@kubernetes-models/istio/_schemas/NetworkingIstioIoV1VirtualService.js'],
  [
    'networking.istio.io/v1',
    'DestinationRule',
    '../../node_modules/@kubernetes-models/istio/_schemas/NetworkingIstioIoV1DestinationRule.js',
  ],
  [
    'security.istio.io/v1',
    'PeerAuthentication',
    '../../node_modules/@kubernetes-models/istio/_schemas/SecurityIstioIoV1PeerAuthentication.js',
  ],
  [
    'argoproj.io/v1alpha1',
    'Rollout',
    '../../node_modules/@kubernetes-models/argo-rollouts/_schemas/ComGithubArgoprojArgoRolloutsPkgApisRolloutsV1alpha1Rollout.js',
  ],
];

/** The text is a quantity and base64 as well: what else a text has to be is not a matter of types. */
const VALUES: readonly unknown[] = ['2000', 3, 1.5, true, [], {}];
const DEEPEST = 14;

/** The places of a schema that hold scalars: the steps to each, lists by their first item, maps by a key. */
function* scalarPlaces(located: Located, steps: readonly (string | number)[] = []): Generator<readonly (string | number)[]> {
  const { schema, file } = resolve(located);
  if (steps.length > DEEPEST) return;
  if (typeof schema === 'object' && 'list' in schema) yield* scalarPlaces({ schema: schema.list, file }, [...steps, 0]);
  else if (typeof schema === 'object' && 'map' in schema) yield* scalarPlaces({ schema: schema.map, file }, [...steps, 'key']);
  else if (typeof schema === 'object' && 'fields' in schema)
    for (const [name, field] of Object.entries(schema.fields)) yield* scalarPlaces({ schema: field, file }, [...steps, name]);
  else if (schema !== 'any' && schema !== 'object') yield steps;
}

function objectWith(apiVersion: string, kind: string, steps: readonly (string | number)[], value: unknown): Record<string, unknown> {
  const content = steps.reduceRight<unknown>((inner, step) => (step === 0 ? [inner] : { [step]: inner }), value);
  return { metadata: {}, ...(typeof content === 'object' ? content : {}), apiVersion, kind };
}

describe.each(KINDS)('the schema of %s %s', (apiVersion, kind, validator) => {
  test('refuses the types that its validator refuses, at the same places', async () => {
    const { validate }: { validate: Validate } = await import(validator);
    const differences: string[] = [];
    let places = 0;
    for (const steps of scalarPlaces(schemaOfKind(apiVersion, kind) ?? { schema: 'any', file: '' })) {
      if (steps.length === 1) continue;
      places++;
      const path = pointerTo('', ...steps);
      for (const value of VALUES) {
        const content = objectWith(apiVersion, kind, steps, value);
        const ours = [...schemaProblems(content)].filter((problem) => problem.path === path && problem.kind === 'type');
        validate(content);
        const theirs = (validate.errors ?? []).filter(({ instancePath, keyword }) => instancePath === path && keyword === 'type');
        if (ours.length > 0 !== theirs.length > 0)
          differences.push(`${path} ${JSON.stringify(value)}: ours ${ours[0]?.message}, theirs ${theirs.length}`);
      }
    }
    expect(places).toBeGreaterThan(5);
    expect(differences).toEqual([]);
  }, 60_000);
});
