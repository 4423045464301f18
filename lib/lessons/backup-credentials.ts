import type { Container } from '../resources/container';
import { type Backup, backupOf, type Step } from '../resources/backup';
import { type Environment, environmentOf, keysOf, type Variable } from '../resources/environment';
import { Providers } from '../resources/providers';
import { programOf } from '../resources/shell-outcome';
import { type Context, type Lesson, type Related, violation, type Violation } from './lesson';

/** The keys of the Secret that a backup to S3 reads, which are the names that AWS clients look for. */
export const S3_SECRET_KEYS = ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_DEFAULT_REGION'] as const;

/** What a backup may do in AWS: put and read back its own objects, and list them. */
export function backupIamPolicy(bucket: string, prefix = ''): object {
  const arn = `arn:aws:s3:::${bucket}`;
  const folder = prefix === '' ? '' : `${prefix.replace(/\/+$/, '')}/`;
  const within = folder === '' ? {} : { Condition: { StringLike: { 's3:prefix': [`${folder}*`] } } };
  return {
    Version: '2012-10-17',
    Statement: [
      { Effect: 'Allow', Action: ['s3:ListBucket'], Resource: [arn], ...within },
      { Effect: 'Allow', Action: ['s3:GetObject', 's3:PutObject', 's3:DeleteObject'], Resource: [`${arn}/${folder}*`] },
    ],
  };
}

const [ACCESS_KEY, SECRET_KEY] = S3_SECRET_KEYS;
/** The programs that take their credentials from AWS_… variables. */
const AWS_CLIENTS = new Set(['aws', 's5cmd', 'restic']);

export const backupCredentials: Lesson = {
  id: 'backup-credentials',
  title: 'the upload finds its credentials and its region under the names that the client reads',
  section: 'Backup',
  severity: 'error',
  incident: {
    symptom: 'An error occurred (InvalidAccessKeyId) when calling the PutObject operation, or Unable to locate credentials',
    cause:
      'AWS clients read AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY and no other names; `envFrom` makes variables of whatever keys the Secret has, and a Secret that is not there keeps the pod from starting',
    source: 'CI/CD troubleshooting guide, 8.4; AWS CLI user guide, environment variables',
  },
  remedy: 'one Secret with the keys AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_DEFAULT_REGION, read by envFrom or key by key',
  confirm: [
    "kubectl get secret <name> -o jsonpath='{.data}' | tr ',' '\\n' | cut -d: -f1",
    'kubectl run s3-test --rm -it --image=amazon/aws-cli:2.15.0 --env=… -- s3 ls s3://<bucket>/',
  ],
  limits:
    'Looks at backup jobs whose scripts run aws, s5cmd or restic. Whether the keys are valid and what their IAM policy allows is not in the manifests. A Secret of another repository is named in the cluster facts, under existing.',
  bad: [
    {
      yaml: `apiVersion: v1
kind: Secret
metadata: {name: aws-s3-credentials, namespace: blog}
data:
  AWS_ACCESS_KEY: ""
  AWS_SECRET_KEY: ""
  AWS_DEFAULT_REGION: ""
---
apiVersion: batch/v1
kind: CronJob
metadata: {name: mysql-backup, namespace: blog}
spec:
  schedule: "0 18 * * *"
  jobTemplate:
    spec:
      template:
        spec:
          containers:
            - name: s3-upload
              image: amazon/aws-cli:2.15.0
              args: [s3, cp, /backup/all.sql.gz, s3://blog-backup/]
              envFrom:
                - secretRef:
                    name: aws-s3-credentials # <- here
`,
    },
    {
      yaml: `apiVersion: batch/v1
kind: CronJob
metadata: {name: mysql-backup, namespace: blog}
spec:
  schedule: "0 18 * * *"
  jobTemplate:
    spec:
      template:
        spec:
          containers:
            - name: s3-upload
              image: amazon/aws-cli:2.15.0
              command: [aws, s3, cp, /backup/all.sql.gz, "s3://blog-backup/"]
              env:
                - name: S3_ACCESS_KEY # <- here
                  valueFrom: {secretKeyRef: {name: s3, key: id}}
                - name: AWS_SECRET_ACCESS_KEY
                  valueFrom: {secretKeyRef: {name: s3, key: secret}}
                - {name: AWS_REGION, value: eu-west-1}
`,
      cluster: {
        existing: [{ apiVersion: 'v1', kind: 'Secret', metadata: { name: 's3', namespace: 'blog' }, data: { id: '', secret: '' } }],
      },
    },
    {
      yaml: `apiVersion: batch/v1
kind: CronJob
metadata: {name: mysql-backup, namespace: blog}
spec:
  schedule: "0 18 * * *"
  jobTemplate:
    spec:
      template:
        spec:
          containers:
            - name: s3-upload
              image: amazon/aws-cli:2.15.0
              command: [aws, s3, cp, /backup/all.sql.gz, "s3://blog-backup/"]
              env:
                - name: AWS_ACCESS_KEY_ID # <- here
                  valueFrom:
                    secretKeyRef:
                      name: s3
                      key: access-key # <- here
                - name: AWS_SECRET_ACCESS_KEY
                  valueFrom:
                    secretKeyRef:
                      name: gone # <- here
                      key: secret
`,
      cluster: { existing: [{ apiVersion: 'v1', kind: 'Secret', metadata: { name: 's3', namespace: 'blog' }, data: { accessKey: '' } }] },
    },
  ],
  good: [
    {
      yaml: `apiVersion: bitnami.com/v1alpha1
kind: SealedSecret
metadata: {name: aws-s3-credentials, namespace: blog}
spec:
  encryptedData: {AWS_ACCESS_KEY_ID: AgB, AWS_SECRET_ACCESS_KEY: AgC, AWS_DEFAULT_REGION: AgD}
---
apiVersion: batch/v1
kind: CronJob
metadata: {name: mysql-backup, namespace: blog}
spec:
  schedule: "0 18 * * *"
  jobTemplate:
    spec:
      template:
        spec:
          containers:
            - name: s3-upload
              image: amazon/aws-cli:2.15.0
              args: [s3, cp, /backup/all.sql.gz, s3://blog-backup/]
              envFrom:
                - secretRef: {name: aws-s3-credentials}
`,
    },
    {
      yaml: `apiVersion: v1
kind: ServiceAccount
metadata:
  name: backup
  namespace: blog
  annotations: {eks.amazonaws.com/role-arn: "arn:aws:iam::123456789012:role/backup"}
---
apiVersion: batch/v1
kind: CronJob
metadata: {name: mysql-backup, namespace: blog}
spec:
  schedule: "0 18 * * *"
  jobTemplate:
    spec:
      template:
        spec:
          serviceAccountName: backup
          containers:
            - name: s3-upload
              image: amazon/aws-cli:2.15.0
              args: [s3, cp, /backup/all.sql.gz, s3://blog-backup/]
`,
    },
    {
      yaml: `apiVersion: batch/v1
kind: CronJob
metadata: {name: mysql-backup, namespace: blog}
spec:
  schedule: "0 18 * * *"
  jobTemplate:
    spec:
      template:
        spec:
          containers:
            - name: s3-upload
              image: amazon/aws-cli:2.15.0
              command: [sh, -ec]
              args:
                - |
                  export AWS_ACCESS_KEY_ID="$MINIO_ACCESS_KEY" AWS_SECRET_ACCESS_KEY="$MINIO_SECRET_KEY"
                  aws --endpoint-url http://minio.storage:9000 s3 cp /backup/all.sql.gz s3://blog-backup/
              env:
                - name: MINIO_ACCESS_KEY
                  valueFrom: {secretKeyRef: {name: minio, key: user}}
                - name: MINIO_SECRET_KEY
                  valueFrom: {secretKeyRef: {name: minio, key: password}}
`,
      cluster: {
        existing: [{ apiVersion: 'v1', kind: 'Secret', metadata: { name: 'minio', namespace: 'blog' }, data: { user: '', password: '' } }],
      },
    },
  ],
  *violations({ resources }: Context): Iterable<Violation> {
    const providers = resources.view(Providers);
    for (const resource of resources.all) {
      const backup = backupOf(resource, resources);
      if (backup === undefined) continue;
      const containers = new Map<Container, Step>();
      for (const upload of backup.uploads) {
        if (AWS_CLIENTS.has(programOf(upload.run.command.words))) containers.set(upload.script.container, upload);
      }
      for (const container of containers.keys()) yield* judgeContainer(backup, container, providers);
    }
  },
};

function* judgeContainer(backup: Backup, container: Container, providers: Providers): Iterable<Violation> {
  const environment = environmentOf(container, backup.resource, providers);
  const text = backup.scripts.map((script) => script.text ?? script.commands.flatMap(({ command }) => command.words).join(' ')).join('\n');
  yield* absentSecrets(backup, container, environment);
  yield* absentKeys(backup, container, providers);
  if (readsFile(container, environment, text)) return;
  yield* unreadNames(backup, environment, text);
  if (!environment.isComplete || hasIdentity(backup)) return;
  yield* region(backup, container, environment, text);
}

/** Of the Secrets that the upload may take its credentials from; those of the database are no matter of its own. */
function* absentSecrets({ resource }: Backup, container: Container, { missing }: Environment): Iterable<Violation> {
  const told = new Set<string>();
  for (const { name, field } of missing) {
    const variable = container.env.find(({ valueFrom }) => field.path.startsWith(`${valueFrom.path}/`))?.name;
    if (told.has(name) || (variable !== undefined && !isOfUpload(variable))) continue;
    told.add(name);
    yield violation(
      resource,
      field,
      `reads the Secret ${name}, which neither these manifests nor the cluster facts provide: without it the pod does not start`,
      {
        severity: 'warning',
        fix: {
          description: `create the Secret with the keys ${S3_SECRET_KEYS.join(', ')}, or name it in the cluster facts under existing`,
        },
      },
    );
  }
}

function* absentKeys({ resource }: Backup, container: Container, providers: Providers): Iterable<Violation> {
  for (const { name: variable, valueFrom } of container.env) {
    const reference = valueFrom.at('secretKeyRef');
    const name = reference.at('name').string;
    const key = reference.at('key').string;
    if (!variable.startsWith('AWS_') || name === undefined || key === undefined || reference.at('optional').boolean === true) continue;
    const keys = keysOf(reference, 'Secret', resource, providers);
    if (keys?.isComplete !== true || keys.fields.some((field) => field.name === key)) continue;
    const names = keys.fields.map((field) => field.name);
    const [provider] = keys.fields;
    yield violation(
      resource,
      reference.at('key'),
      `takes ${variable} from the key ${key}, which the Secret ${name} does not have: the pod does not start`,
      {
        related: provider === undefined ? [] : [{ message: 'the Secret', resource: provider.resource, path: '' }],
        fix: { description: `use one of its keys: ${names.join(', ')}` },
      },
    );
  }
}

function* unreadNames({ resource }: Backup, environment: Environment, text: string): Iterable<Violation> {
  const has = (name: string): boolean => environment.variables.some((variable) => variable.name === name) || assigns(text, name);
  const isAbsent = { id: !has(ACCESS_KEY), secret: !has(SECRET_KEY) };
  const wrong = environment.variables.filter(
    ({ name }) => !text.includes(name) && ((isAbsent.id && isLikeAccessKey(name)) || (isAbsent.secret && isLikeSecretKey(name))),
  );
  for (const place of new Set(wrong.map(({ field }) => field.path))) {
    const variables = wrong.filter(({ field }) => field.path === place);
    const [first] = variables;
    if (first === undefined) continue;
    const names = variables.map(({ name }) => name).join(' and ');
    const wanted = [...(isAbsent.id ? [ACCESS_KEY] : []), ...(isAbsent.secret ? [SECRET_KEY] : [])].join(' and ');
    const path = first.key === undefined ? first.field.at('name') : first.field;
    yield violation(
      resource,
      path,
      `gives the upload ${names}, which the client does not read: it looks for ${wanted} and finds no credentials`,
      {
        related: variables.flatMap(keyPlace),
        fix: { description: `rename to ${wanted}` },
      },
    );
  }
  if (wrong.length > 0 || !environment.isComplete || isAbsent.id === isAbsent.secret) return;
  const half = environment.variables.find(({ name }) => name === ACCESS_KEY || name === SECRET_KEY);
  if (half === undefined) return;
  const other = isAbsent.id ? ACCESS_KEY : SECRET_KEY;
  yield violation(
    resource,
    half.key === undefined ? half.field.at('name') : half.field,
    `gives the upload ${half.name} without ${other}: the client refuses half a pair`,
    {
      fix: { description: `add ${other}` },
    },
  );
}

function* region({ resource }: Backup, container: Container, environment: Environment, text: string): Iterable<Violation> {
  const isGiven = environment.variables.some(({ name }) => /^AWS_(DEFAULT_)?REGION$|^AWS_ENDPOINT_URL/.test(name));
  const isSaid = /--region\b|--endpoint-url\b|AWS_(DEFAULT_)?REGION=|AWS_ENDPOINT_URL\w*=/.test(text);
  const [credential] = environment.variables.filter(({ name }) => name === ACCESS_KEY);
  if (isGiven || isSaid || credential === undefined) return;
  const message = `says no region: AWS clients then sign for us-east-1 or refuse, and a bucket elsewhere answers with a redirect or an error`;
  yield violation(resource, credential.key === undefined ? credential.field.at('name') : credential.field, message, {
    severity: 'warning',
    fix: { description: `add AWS_DEFAULT_REGION to container ${container.name}` },
  });
}

/** Credentials and region may be in a mounted file as well. */
function readsFile(container: Container, environment: Environment, text: string): boolean {
  const isMounted = container.at('volumeMounts').items.some((mount) => /\.aws\b|credentials/.test(mount.at('mountPath').string ?? ''));
  const isNamed = environment.variables.some(({ name }) =>
    /^AWS_(SHARED_CREDENTIALS_FILE|CONFIG_FILE|PROFILE|WEB_IDENTITY_TOKEN_FILE|ROLE_ARN|CONTAINER_CREDENTIALS_\w+)$/.test(name),
  );
  return isMounted || isNamed || /aws configure|--profile\b|--no-sign-request|\.aws\/credentials/.test(text);
}

/** A service account of its own may carry a role, which brings the region along. */
function hasIdentity({ workload }: Backup): boolean {
  const account = workload.podSpec.at('serviceAccountName').string ?? 'default';
  return account !== 'default';
}

function isOfUpload(name: string): boolean {
  return /^(AWS|S3)_/.test(name) || isLikeAccessKey(name) || isLikeSecretKey(name);
}

function isLikeAccessKey(name: string): boolean {
  return /ACCESS_?KEY(_?ID)?$|KEY_?ID$/i.test(plain(name)) && !/SECRET/i.test(name);
}

function isLikeSecretKey(name: string): boolean {
  return /SECRET_?(ACCESS_?)?KEY(_?ID)?$|SECRET$/i.test(plain(name));
}

function plain(name: string): string {
  return name.replaceAll(/[-.]/g, '_');
}

function assigns(text: string, name: string): boolean {
  return new RegExp(`\\b${name}=`).test(text);
}

function keyPlace({ name, key }: Variable): Related[] {
  return key === undefined ? [] : [{ message: `the key ${name}`, resource: key.resource, path: key.field.path }];
}
