// The backups as a user's app synthesizes them: commands, environments, mounts and script texts are taken from here and nowhere else.
import { Size, type Chart } from 'cdk8s';
import { EtcdBackup, Mysql, MysqlBackup, MysqlRestoreDrill, SecretRef } from '../../../lib/index';
import { documentsOf } from '../../../lib/kube/documents';
import { Resources } from '../../../lib/resources/resources';
import { workloadOf } from '../../../lib/resources/workload';
import { blogChart } from '../../constructs/blog';

export interface SynthesizedStep {
  readonly command: readonly string[];
  /** Literal values; what the pod is given by reference is undefined. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The volume's name by the path in the container. */
  readonly mounts: Readonly<Record<string, string>>;
  readonly scripts: Readonly<Record<string, string>>;
}

const BUCKET = { bucket: 'shop-backup', region: 'eu-west-1', credentials: 'aws-s3-credentials' };

function synthesize(): Resources {
  const chart: Chart = blogChart();
  const database = new Mysql(chart, 'db', {
    image: 'mysql:8.4',
    storage: Size.gibibytes(1),
    database: 'shop',
    rootPassword: SecretRef.of('mysql-secret', 'mysql-root-password'),
  });
  const backup = new MysqlBackup(chart, 'backup', { ...BUCKET, database, schemas: ['shop'], minimumBytes: 200, keep: 3 });
  new MysqlRestoreDrill(chart, 'drill', { backup });
  new EtcdBackup(chart, 'etcd', BUCKET);
  return new Resources(documentsOf(chart));
}

const resources = synthesize();

/** A container of a CronJob. */
export function synthesizedStep(cronJob: string, container: string): SynthesizedStep {
  const workload = resources.all
    .flatMap((resource) => workloadOf(resource) ?? [])
    .find((each) => each.kind === 'CronJob' && each.name === cronJob);
  const found = workload?.allContainers.find(({ name }) => name === container);
  if (workload === undefined || found === undefined) throw new Error(`no container ${container} in CronJob ${cronJob}`);
  const configMap = workload.volumes.map((volume) => volume.at('configMap', 'name').string).find((name) => name !== undefined);
  const scripts = resources.find('', 'ConfigMap', workload.namespace, configMap ?? '');
  const mounts = found.at('volumeMounts').items.map((mount) => [mount.at('mountPath').string ?? '', mount.at('name').string ?? '']);
  return {
    command: found.commandLine,
    env: Object.fromEntries(found.env.map(({ name, value }) => [name, value])),
    mounts: Object.fromEntries(mounts),
    scripts: scripts?.at('data').texts ?? {},
  };
}
