import type { Field } from '../manifest/field';
import type { Container } from '../resources/container';
import { credentialIn, isCredentialName, isNoCredential, passwordIn, passwordInScript } from '../resources/credentials';
import type { Resource } from '../resources/resource';
import { inlineScript, programWords } from '../resources/shell-outcome';
import { workloadOf } from '../resources/workload';
import { type Context, type Lesson, violation, type Violation } from './lesson';

export const secretInManifest: Lesson = {
  id: 'secret-in-manifest',
  title: 'No credential stands in a manifest',
  section: 'Database and storage',
  severity: 'error',
  incident: {
    symptom: 'a database password is found in a Git repository; rotating it means rewriting history and every place that uses it',
    cause:
      'a Secret in Git is only base64, a value in env or in arguments is plain text: everybody who reads the repository, its clones, the rendered manifests in Argo CD or the process list has it',
    source: 'kubernetes.io, Good practices for Kubernetes Secrets; Kubernetes practice',
  },
  remedy:
    'commit a SealedSecret, an ExternalSecret or a SOPS file instead and refer to the Secret by name (secretKeyRef); and change the credential, because Git does not forget',
  confirm: ["kubectl get secret <name> -o jsonpath='{.metadata.annotations}'", 'git log --oneline -- <file>'],
  limits:
    'Values are never printed. Environment variables and arguments are judged by their names, and any text by shapes that are nothing else (a URL with a password, a private key, a known token). ' +
    'References, paths, switches and placeholders such as ${VAR}, <password> or CHANGE_ME are accepted; a Secret without any credential (only names, addresses, certificates) too.',
  bad: [
    {
      yaml: `apiVersion: v1
kind: Secret
metadata: {name: mysql-secret, namespace: blog}
type: Opaque
stringData:
  username: blog
  password: s3cr3t-pa55 # <- here
---
apiVersion: v1
kind: Secret
metadata: {name: mysql-root, namespace: blog}
data:
  mysql-root-password: czNjcjN0 # <- here
`,
    },
    {
      yaml: `apiVersion: apps/v1
kind: Deployment
metadata: {name: was, namespace: blog}
spec:
  selector: {matchLabels: {app: was}}
  template:
    metadata: {labels: {app: was}}
    spec:
      containers:
        - name: was
          image: was:1.0
          env:
            - name: SPRING_DATASOURCE_PASSWORD
              value: s3cr3t-pa55 # <- here
            - name: DATABASE_URL
              value: postgres://blog:s3cr3t-pa55@postgres:5432/blog # <- here
          args:
            - --spring.datasource.password=s3cr3t-pa55 # <- here
          livenessProbe:
            exec:
              command: [mysqladmin, ping, -ps3cr3t-pa55] # <- here
        - name: dump
          image: mysql:8.4
          command:
            - sh
            - -c
            - mysqldump -h mysql -uroot -ps3cr3t-pa55 blog > /out/blog.sql # <- here
---
apiVersion: v1
kind: ConfigMap
metadata: {name: was, namespace: blog}
data:
  application.properties: | # <- here
    spring.datasource.url=jdbc:mysql://mysql:3306/blog?user=blog&password=s3cr3t-pa55
`,
    },
  ],
  good: [
    {
      yaml: `apiVersion: apps/v1
kind: Deployment
metadata: {name: was, namespace: blog}
spec:
  selector: {matchLabels: {app: was}}
  template:
    metadata: {labels: {app: was}}
    spec:
      containers:
        - name: was
          image: was:1.0
          env:
            - name: SPRING_DATASOURCE_PASSWORD
              valueFrom: {secretKeyRef: {name: mysql-secret, key: password}}
            - {name: DATABASE_URL, value: "postgres://blog:$(SPRING_DATASOURCE_PASSWORD)@postgres:5432/blog"}
            - {name: MYSQL_ROOT_PASSWORD_FILE, value: /run/secrets/root}
            - {name: MYSQL_ALLOW_EMPTY_PASSWORD, value: "yes"}
            - {name: SECRET_NAME, value: mysql-secret}
            - {name: AWS_ACCESS_KEY_ID, value: AKIAIOSFODNN7EXAMPLE}
            - {name: TOKEN_TTL, value: "3600"}
            - {name: API_TOKEN, value: /var/run/secrets/token}
            - {name: SORT_KEY, value: created}
          args: [--password-file=/run/secrets/root, "--token=$(API_TOKEN)"]
          livenessProbe:
            exec: {command: [sh, -c, 'mysqladmin ping -uroot -p"$MYSQL_ROOT_PASSWORD"']}
        - name: dump
          image: mysql:8.4
          command: [sh, -c, 'MYSQL_PWD="$PASSWORD" mysqldump -h mysql -P 3306 -p$PASSWORD blog > /out/blog.sql']
`,
    },
    {
      // Secrets that hold none, and what stands for one.
      yaml: `apiVersion: v1
kind: Secret
metadata: {name: empty, namespace: blog}
type: Opaque
data: {}
---
apiVersion: v1
kind: Secret
metadata: {name: token, namespace: blog, annotations: {kubernetes.io/service-account.name: deployer}}
type: kubernetes.io/service-account-token
---
apiVersion: v1
kind: Secret
metadata: {name: filled-later, namespace: blog}
stringData: {password: "\${MYSQL_PASSWORD}", token: "<path:secret/data/blog#token>", other: CHANGE_ME, empty: ""}
---
apiVersion: v1
kind: Secret
metadata: {name: repository, namespace: argocd, labels: {argocd.argoproj.io/secret-type: repository}}
stringData: {type: git, url: "https://git.example.org/shop.git", name: shop}
---
apiVersion: v1
kind: Secret
metadata: {name: authority, namespace: blog}
data: {ca.crt: LS0tLS1CRUdJTg==}
---
apiVersion: bitnami.com/v1alpha1
kind: SealedSecret
metadata: {name: mysql-secret, namespace: blog}
spec: {encryptedData: {password: AgBy3i4OJSWK}}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: was, namespace: blog}
data:
  application.properties: |
    spring.datasource.url=jdbc:mysql://mysql:3306/blog?user=blog&password=\${DB_PASSWORD}
  docs.md: "see https://git.example.org/a@b"
`,
    },
  ],
  *violations({ resources }: Context): Iterable<Violation> {
    for (const resource of resources.all) {
      if (resource.group === '' && resource.kind === 'Secret') yield* secretData(resource);
      if (resource.group === '' && resource.kind === 'ConfigMap') yield* configuration(resource);
      const workload = workloadOf(resource);
      for (const container of workload?.allContainers ?? []) {
        yield* environment(resource, container);
        for (const [where, list] of commandLists(container)) yield* commandLine(resource, container, where, list);
      }
    }
  },
};

/** Keys of Secrets that say where something is, who somebody is, or what everybody may know. */
const HARMLESS_KEY =
  /^(user(name)?|.*[-_.]user(name)?|host(name)?|.*[-_]host|port|.*[-_]port|database|dbname|db|name|namespace|type|url|endpoint|server|region|bucket|project|insecure|enable[a-z]*|ca\.crt|tls\.crt|ca\.pem|.*\.pub|application|provider|engine|email|aws_access_key_id)$/i;

function* secretData(secret: Resource): Iterable<Violation> {
  for (const map of [secret.at('data'), secret.at('stringData')]) {
    const held = map.entries.filter(([key, value]) => !HARMLESS_KEY.test(key) && !isNoCredential(plainText(value, map.path === '/data')));
    const [first] = held;
    if (first === undefined) continue;
    const keys = held.map(([key]) => key);
    yield violation(
      secret,
      first[1],
      `holds ${keys.length === 1 ? `the value of ${keys[0] ?? ''}` : `the values of ${keys.slice(0, 10).join(', ')}${keys.length > 10 ? ` and ${keys.length - 10} more` : ''}`} in ${map.path === '/data' ? 'base64, which is no encryption' : 'plain text'}: whoever reads the repository has it`,
      { fix: { description: 'commit a SealedSecret or an ExternalSecret in its place, and change the credential' } },
    );
  }
}

/** A value of `data` is base64; what is none is judged as it stands. */
function plainText(value: Field, isEncoded: boolean): string {
  const text = value.text ?? '';
  if (!isEncoded || !/^[A-Za-z0-9+/\s]*={0,2}\s*$/.test(text) || text.length > 4096) return text;
  try {
    return atob(text.replace(/\s/g, ''));
  } catch {
    return text;
  }
}

function* configuration(configMap: Resource): Iterable<Violation> {
  for (const [key, value] of configMap.at('data').entries) {
    const credential = credentialIn(value.string ?? '');
    const isNamed = isCredentialName(key) && value.string !== undefined && !isNoCredential(value.string) && !value.string.includes('\n');
    if (credential === undefined && !isNamed) continue;
    yield violation(
      configMap,
      value,
      `${key} holds ${credential ?? 'a credential (inferred from its name)'}: a ConfigMap is for what everybody may read`,
      {
        fix: { description: 'move it to a Secret that is not in Git, and change the credential' },
      },
    );
  }
}

function* environment(resource: Resource, { name, env }: Container): Iterable<Violation> {
  for (const variable of env) {
    const { value } = variable;
    if (value === undefined) continue;
    const isNamed = isCredentialName(variable.name) && !isNoCredential(value) && variable.field.at('value').string !== undefined;
    const credential = isNamed ? 'a credential (inferred from its name)' : credentialIn(value);
    if (credential === undefined) continue;
    yield violation(
      resource,
      variable.field.at('value'),
      `the variable ${variable.name} of the container ${name} holds ${credential}: whoever reads the repository has it`,
      {
        fix: { description: 'take it from a Secret by secretKeyRef, and change the credential' },
      },
    );
  }
}

function commandLists(container: Container): readonly (readonly [string, readonly Field[]])[] {
  const whole = container.at('command').isSet
    ? [...container.at('command').items, ...container.at('args').items]
    : container.at('args').items;
  const hooks = [
    ...['livenessProbe', 'readinessProbe', 'startupProbe'].map((probe) => [probe, container.at(probe, 'exec', 'command').items] as const),
    ...['postStart', 'preStop'].map((hook) => [hook, container.at('lifecycle', hook, 'exec', 'command').items] as const),
  ];
  return [['command line', whole], ...hooks];
}

/** One finding for each element of a list that gives a password away. */
function* commandLine(resource: Resource, container: Container, where: string, list: readonly Field[]): Iterable<Violation> {
  const words = list.map(({ text }) => text ?? '');
  const inline = inlineScript(words);
  // Arguments alone are for the image's program, whose name is the best guess.
  const { name, imageName } = container;
  const program = container.at('command').isSet || where !== 'command line' ? (programWords(words)[0] ?? '') : imageName;
  for (const [index, field] of list.entries()) {
    const word = words[index] ?? '';
    const isScript = index === inline?.index;
    const option = isScript ? passwordInScript(word) : passwordIn(program, word, words[index + 1]);
    const what = option === undefined ? credentialIn(word) : `a password by ${option}`;
    if (what === undefined) continue;
    yield violation(
      resource,
      field,
      `the ${where} of the container ${name} holds ${what}: whoever reads the repository or the process list has it`,
      {
        fix: { description: 'take it from a Secret: an environment variable by secretKeyRef, or a mounted file' },
      },
    );
  }
}
