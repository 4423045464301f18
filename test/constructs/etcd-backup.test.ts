import { EtcdBackup, type EtcdBackupProps } from '../../lib/constructs/etcd-backup';
import { SecretRef } from '../../lib/constructs/secret-ref';
import type { ClusterFacts } from '../../lib/facts/cluster-facts';
import { at, BLOG_CLUSTER, blogChart, errorsOf, findingsOf, kindsOf, objectOf } from './blog';

function etcd(props: Partial<EtcdBackupProps> = {}, facts: ClusterFacts = BLOG_CLUSTER) {
  const chart = blogChart(facts);
  const construct = new EtcdBackup(chart, 'etcd-backup', {
    bucket: 'blog-backup',
    region: 'eu-west-1',
    credentials: 'aws-s3-credentials',
    ...props,
  });
  return { chart, construct, pod: at(objectOf(chart, 'CronJob'), 'spec', 'jobTemplate', 'spec', 'template', 'spec') };
}

describe('EtcdBackup', () => {
  const { chart, pod } = etcd();

  test('is a daily CronJob with its scripts, rights, alerts and policy', () => {
    expect(kindsOf(chart)).toEqual([
      'ConfigMap etcd-backup-scripts',
      'CronJob etcd-backup',
      'PrometheusRule etcd-backup-alerts',
      'ConfigMap etcd-backup-rights',
      'CiliumNetworkPolicy etcd-backup-isolation',
    ]);
    expect(at(objectOf(chart, 'CronJob'), 'spec', 'schedule')).toBe('0 2 * * *');
  });

  test('saves with etcd’s own client, verifies, and uploads', () => {
    expect(at(pod, 'initContainers')).toMatchObject([
      {
        name: 'snapshot',
        image: 'registry.k8s.io/etcd:3.5.15-0',
        command: ['etcdctl', 'snapshot', 'save', '/work/snapshot.db', '--command-timeout=5m'],
      },
      { name: 'verify', command: ['bash', '/scripts/etcd-describe.sh'] },
    ]);
    expect(at(pod, 'containers')).toMatchObject([{ name: 'upload', command: ['bash', '/scripts/upload.sh'] }]);
  });

  test('runs on the control plane, without the host’s network', () => {
    expect(at(pod, 'nodeSelector')).toEqual({ 'node-role.kubernetes.io/control-plane': '' });
    expect(at(pod, 'tolerations')).toEqual([{ key: 'node-role.kubernetes.io/control-plane', operator: 'Exists', effect: 'NoSchedule' }]);
    expect(at(pod, 'hostNetwork')).toBeUndefined();
  });

  test('sees three files of the node, none of them the key of etcd’s authority, and no more rights than to read them', () => {
    expect(JSON.stringify(at(pod, 'volumes')).match(/"path":"[^"]*pki[^"]*"/g)).toEqual([
      '"path":"/etc/kubernetes/pki/etcd/ca.crt"',
      '"path":"/etc/kubernetes/pki/etcd/healthcheck-client.crt"',
      '"path":"/etc/kubernetes/pki/etcd/healthcheck-client.key"',
    ]);
    expect(JSON.stringify(at(pod, 'containers'))).not.toContain('/pki');
    expect(at(pod, 'initContainers', 0, 'securityContext')).toEqual({
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    });
  });

  test('may reach etcd of its own node, the bucket and DNS', () => {
    expect(at(objectOf(chart, 'CiliumNetworkPolicy'), 'spec', 'egress')).toMatchObject([
      { toEntities: ['host'], toPorts: [{ ports: [{ port: '2379', protocol: 'TCP' }] }] },
      { toFQDNs: [{ matchName: 'blog-backup.s3.eu-west-1.amazonaws.com' }] },
      { toPorts: [{ rules: { dns: [{ matchPattern: '*' }] } }] },
    ]);
  });

  test('encrypts where there is openssl', () => {
    const { pod: sealed, chart: whole } = etcd({ encryptionKey: SecretRef.of('backup-key', 'key'), verifyImage: 'mysql:8.4.3' });
    expect(errorsOf(whole)).toEqual([]);
    expect(at(sealed, 'initContainers', 1, 'env')).toEqual(expect.arrayContaining([{ name: 'ENCRYPTION_KEY_FILE', value: '/keys/key' }]));
  });

  test('adds nothing that a lesson knows', () => {
    expect(findingsOf(chart)).toEqual([]);
  });

  test.each<[string, Partial<EtcdBackupProps>, RegExp]>([
    ['a bucket with unicode', { bucket: 'bücket' }, /^bucket is "bücket"/],
    ['a retention of 0', { keep: 0 }, /^keep is 0/],
    ['a date that never comes', { schedule: '0 0 31 4 *' }, /^schedule is /],
    ['encryption without openssl', { encryptionKey: SecretRef.of('backup-key', 'key') }, /^verifyImage is "missing": .*openssl/],
    ['a prop that does not exist', Object({ hostNetwork: true }), /^hostNetwork is no prop/],
  ])('fails on %s, naming prop, value and mend', (_, props, message) => {
    expect(errorsOf(etcd(props).chart)).toEqual([expect.stringMatching(message)]);
  });

  test('fails where the facts name no control plane', () => {
    const { chart: managed } = etcd({}, { nodes: [{ name: 'w1' }] });
    expect(errorsOf(managed)).toEqual([expect.stringMatching(/^cluster\.nodes is \["w1"\]: none has the role control-plane/)]);
  });
});
