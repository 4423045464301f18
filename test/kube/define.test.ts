import { App, Chart, JsonPatch, Lazy } from 'cdk8s';
import type { CiliumNetworkPolicy } from '../../imports/cilium';
import type { ConfigMap, Deployment, Secret } from '../../imports/kubernetes';
import type { KubernetesObject } from '../../lib/kube/define';
import { defineObject } from '../../lib/kube/define';

function chart(): Chart {
  return new Chart(new App(), 'shop', { namespace: 'shop' });
}

function deployment(spec: Partial<Deployment['spec']> = {}): Deployment {
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'api' },
    spec: {
      selector: { matchLabels: { app: 'api' } },
      template: { metadata: { labels: { app: 'api' } }, spec: { containers: [{ name: 'api', image: 'api:1' }] } },
      ...spec,
    },
  };
}

describe('defining an object', () => {
  test('adds it to the chart as it is written', () => {
    const object = defineObject<Deployment>(chart(), 'api', deployment({ replicas: 2 }));
    expect(object.toJson()).toEqual({ ...deployment({ replicas: 2 }), metadata: { name: 'api', namespace: 'shop' } });
  });

  test('leaves it open to patches', () => {
    const object = defineObject<Deployment>(chart(), 'api', deployment());
    object.addJsonPatch(JsonPatch.add('/spec/replicas', 3));
    expect(object.toJson()).toHaveProperty('spec.replicas', 3);
  });

  test('leaves values that only synth knows to synth', () => {
    const object = defineObject<Deployment>(chart(), 'api', deployment({ replicas: Lazy.any({ produce: () => 4 }) }));
    expect(object.toJson()).toHaveProperty('spec.replicas', 4);
  });

  test('leaves a whole part that only synth knows to synth', () => {
    const policy = defineObject<CiliumNetworkPolicy>(chart(), 'policy', {
      apiVersion: 'cilium.io/v2',
      kind: 'CiliumNetworkPolicy',
      metadata: { name: 'policy' },
      spec: Lazy.any({ produce: () => ({ endpointSelector: {}, ingress: [{}] }) }),
    });
    expect(policy.toJson()).toHaveProperty('spec.ingress', [{}]);
  });

  test('takes a kind that nobody has a schema of', () => {
    const object = defineObject<KubernetesObject>(chart(), 'volume', { apiVersion: 'longhorn.io/v1beta2', kind: 'Volume' });
    expect(object.kind).toBe('Volume');
  });

  test('fails with the construct, the kind, and every wrong field at once, each with its mend', () => {
    const wrong: object = { replicas: '2', minReadySecond: 5, paused: 'yes' };
    expect(() => defineObject<Deployment>(chart(), 'api', deployment(wrong))).toThrow(
      [
        'shop/api: the API server would refuse this Deployment:',
        '  /spec/replicas: replicas is the text "2", where a whole number belongs; write 2',
        '  /spec/minReadySecond: spec has no field "minReadySecond"; "minReadySeconds" was probably meant; rename it to minReadySeconds',
        '  /spec/paused: paused is the text "yes", where true or false belongs; write true',
      ].join('\n'),
    );
  });

  test('fails on a label that is no label', () => {
    const manifest: ConfigMap = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a', labels: { app: 'a b' } } };
    expect(() => defineObject<ConfigMap>(chart(), 'a', manifest)).toThrow(
      '/metadata/labels/app: labels: the value "a b" of app may hold only',
    );
  });

  test('fails without showing the value of a Secret', () => {
    const data: object = { password: 12345 };
    const manifest: Secret = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'a' }, stringData: { ...data } };
    expect(() => defineObject<Secret>(chart(), 'a', manifest)).toThrow(
      '/stringData/password: stringData password is a number, where text belongs',
    );
    expect(() => defineObject<Secret>(chart(), 'a', manifest)).not.toThrow('12345');
  });

  test('fails to compile without the type, and with a field of another type', () => {
    // @ts-expect-error nothing says which kind it is
    expect(() => defineObject(chart(), 'api', deployment())).not.toThrow();
    // @ts-expect-error replicas is a number
    expect(() => defineObject<Deployment>(chart(), 'api', { ...deployment(), spec: { ...deployment().spec, replicas: '2' } })).toThrow(
      'replicas',
    );
  });
});
