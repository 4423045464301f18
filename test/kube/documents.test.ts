import { ApiObject, App, Chart, JsonPatch } from 'cdk8s';
import { Construct } from 'constructs';
import { documentsOf } from '../../lib/kube/documents';

function objectIn(scope: Construct, id: string): ApiObject {
  return new ApiObject(scope, id, { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: id }, data: { a: '1' } });
}

describe('a construct tree as documents', () => {
  test('has every object once, wherever it stands', () => {
    const app = new App();
    const shop = new Chart(app, 'shop');
    objectIn(new Construct(shop, 'api'), 'config');
    objectIn(new Chart(shop, 'inner'), 'deep');
    objectIn(new Chart(app, 'other'), 'other');
    expect(documentsOf(app).map(({ source }) => source)).toEqual(['shop/api', 'shop/inner', 'other']);
  });

  test('locates every field at the construct that made the object', () => {
    const shop = new Chart(new App(), 'shop');
    objectIn(new Construct(shop, 'api'), 'config');
    const [document] = documentsOf(shop);
    expect(document?.locate('/data/a')).toEqual({ construct: 'shop/api' });
    expect(document?.locate('')).toEqual({ construct: 'shop/api' });
  });

  test('has the objects as they would be written, patches applied', () => {
    const shop = new Chart(new App(), 'shop', { namespace: 'shop', labels: { team: 'blog' } });
    objectIn(shop, 'config').addJsonPatch(JsonPatch.replace('/data/a', '2'));
    expect(documentsOf(shop).map(({ content }) => content)).toEqual([
      { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'config', namespace: 'shop', labels: { team: 'blog' } }, data: { a: '2' } },
    ]);
  });

  test('is linear in the objects', () => {
    const shop = new Chart(new App(), 'shop');
    for (let index = 0; index < 2000; index++) objectIn(shop, `config-${index}`);
    expect(documentsOf(shop)).toHaveLength(2000);
  }, 5_000);
});
