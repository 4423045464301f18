/**
 * A MySQL or MariaDB server with one copy of its data.
 *
 * The claim stands beside the workload instead of inside of it: its size can be raised, another workload can take it
 * over, and Argo CD is told to prune neither.
 */
import { Size } from 'cdk8s';
import { Construct } from 'constructs';
import type { ConfigMap, Deployment, PersistentVolumeClaim, PodTemplateSpec, Service, StatefulSet } from '../../imports/kubernetes';
import { defineObject } from '../kube/define';
import { OUTSIDE_OF_MESH } from '../lessons/database-in-mesh';
import { SINGLE_WRITER_STRATEGY } from '../lessons/rwo-rolling-update';
import { definePdb } from './availability';
import { Connections } from './connections';
import { Input, type PropNames } from './input';
import { Isolation } from './isolation';
import { asksForNames, mysqlConfig, type MysqlSettings } from './mysql-config';
import { MYSQL_PORT, mysqlPod } from './mysql-pod';
import { namespaceOf } from './platform';
import { CONFIG_HASH_ANNOTATION, configHash } from './rollout';
import type { SecretRef } from './secret-ref';
import type { IDatabase } from './was';

export interface DatabaseUser {
  readonly name: string;
  readonly password: SecretRef;
}

/** A MySQL or MariaDB server that backups and exporters connect to. */
export interface IMysql extends IDatabase {
  readonly host: string;
  readonly port: number;
  /** Image with the server and its clients. */
  readonly image: string;
  /** Who may do everything. */
  readonly administrator: DatabaseUser;
  /** How large the data may grow. @default - unknown */
  readonly storage?: Size;
  /** Claim that holds the data, in the namespace of its connections. @default - unknown: nothing watches its space */
  readonly claimName?: string;
}

export interface MysqlProps {
  /** Name of the workload, and value of its pods' `app` label. @default - the construct's id */
  readonly name?: string;
  /** Image of MySQL or MariaDB with a tag or digest that never moves. */
  readonly image: string;
  /** Size of the claim; it can be raised later, never lowered. */
  readonly storage: Size;
  /** Class of the claim. @default - the cluster's default class */
  readonly storageClass?: string;
  /** Schema that is created at the first start. */
  readonly database: string;
  /** Password of root, set at the first start. */
  readonly rootPassword: SecretRef;
  /** Whom applications sign in as; created at the first start. @default - root */
  readonly user?: DatabaseUser;
  /**
   * `deployment` keeps a server that runs as a Deployment: same kind, selector and claim, and the old pod ends before the new one starts.
   * @default - a StatefulSet
   */
  readonly adopt?: 'deployment';
  /**
   * Folder of the volume that holds the data. A file system's own `lost+found` would keep a new server from initializing at the top. With another
   * folder than before the server starts empty.
   * @default - 'mysql'; with `adopt` the top of the volume
   */
  readonly dataFolder?: string;
  /** Memory, requested and limited alike; half of it caches data. @default 1 GiB */
  readonly memory?: Size;
  /** Processor time requested, in thousandths of a core. @default 250 */
  readonly cpuMillis?: number;
  /** Variables of the server, by name. @default - buffer pool by memory, 151 connections, no name resolution, every commit flushed */
  readonly settings?: MysqlSettings;
  /** User id that the server runs as; the data belong to it. @default 999, mysql in the official images */
  readonly userId?: number;
  /** Secrets with registry credentials, by name. @default - none: the image is public */
  readonly imagePullSecrets?: readonly string[];
  /** Name of the container. @default 'mysql' */
  readonly containerName?: string;
  /** Name of the Service. @default - the workload's name */
  readonly serviceName?: string;
  /** Name of the claim. @default '<name>-data' */
  readonly claimName?: string;
  /** Name of the disruption budget. @default '<name>-pdb' */
  readonly pdbName?: string;
  /** Name of the ConfigMap with my.cnf. @default '<name>-config' */
  readonly configName?: string;
}

const MYSQL_PROPS: PropNames<MysqlProps> = {
  name: true,
  image: true,
  storage: true,
  storageClass: true,
  database: true,
  rootPassword: true,
  user: true,
  adopt: true,
  dataFolder: true,
  memory: true,
  cpuMillis: true,
  settings: true,
  userId: true,
  imagePullSecrets: true,
  containerName: true,
  serviceName: true,
  claimName: true,
  pdbName: true,
  configName: true,
};

/** What holds data survives whatever happens to the Application that made it. */
const NEVER_PRUNED = { 'argocd.argoproj.io/sync-options': 'Prune=false,Delete=false' };
/** In mebibytes: what is left beside the smallest buffer pool holds the server and a few connections. */
const LEAST_MEMORY = 256;
const SCHEMA_NAME = /^[A-Za-z0-9_$-]{1,64}$/;
const USER_NAME = /^[A-Za-z0-9_.-]{1,32}$/;

export class Mysql extends Construct implements IMysql {
  readonly name: string;
  readonly connections: Connections;
  readonly serviceName: string;
  readonly host: string;
  readonly port = MYSQL_PORT;
  readonly image: string;
  readonly database: string;
  readonly jdbcUrl: string;
  readonly user: string;
  readonly password: SecretRef;
  readonly administrator: DatabaseUser;
  readonly storage: Size;
  readonly claimName: string;

  constructor(scope: Construct, id: string, props: MysqlProps) {
    super(scope, id);
    const input = new Input(this);
    input.known(props, MYSQL_PROPS);
    const { name = id, image, storage, storageClass, database, rootPassword, user, adopt, dataFolder, memory } = props;
    const { cpuMillis = 250, settings = {}, userId = 999, imagePullSecrets = [], containerName = 'mysql', serviceName } = props;
    const { claimName, pdbName, configName } = props;
    // Source: kubernetes issue 64023: pods of a longer name are refused for their label controller-revision-hash.
    this.name =
      adopt === undefined ? input.controllerName('name', name, 'the controller makes a label of it') : input.dnsLabel('name', name);
    this.serviceName = input.serviceName('serviceName', serviceName ?? this.name);
    this.claimName = input.objectName('claimName', claimName ?? `${this.name}-data`);
    this.image = input.image('image', image);
    this.storage = storage;
    this.database = schemaName(input, database);
    this.administrator = { name: 'root', password: input.secret('rootPassword', rootPassword) };
    const application = user === undefined ? this.administrator : databaseUser(input, 'user', user);
    this.user = application.name;
    this.password = application.password;
    if (user?.name === 'root') input.reject('user.name', 'root', 'root has rootPassword: name another user, or leave user out');
    const namespace = namespaceOf(this);
    this.host = `${this.serviceName}.${namespace}.svc`;
    this.jdbcUrl = `jdbc:mysql://${this.host}:${MYSQL_PORT}/${this.database}`;
    this.connections = new Connections(this, { name: this.name, namespace, ports: [{ number: MYSQL_PORT }], inMesh: false, input });
    if (adopt !== undefined) input.text('adopt', adopt, /^deployment$/, '', "leave it out for a StatefulSet, or give 'deployment'");

    const memoryMebibytes = input.mebibytes('memory', memory ?? Size.gibibytes(1), LEAST_MEMORY);
    const config = mysqlConfig(input, memoryMebibytes, settings);
    const configMap = input.objectName('configName', configName ?? `${this.name}-config`);
    this.defineConfig(configMap, config);
    this.defineClaim(
      input.quantity('storage', storage),
      storageClass === undefined ? undefined : input.objectName('storageClass', storageClass),
    );
    this.defineWorkload(adopt === 'deployment', {
      metadata: { labels: { app: this.name, ...OUTSIDE_OF_MESH }, annotations: { [CONFIG_HASH_ANNOTATION]: configHash(config) } },
      spec: mysqlPod({
        image: this.image,
        containerName: input.dnsLabel('containerName', containerName),
        administrator: this.administrator,
        database: this.database,
        user: user === undefined ? undefined : { name: this.user, password: this.password },
        memory: `${memoryMebibytes}Mi`,
        cpu: `${input.wholeNumber('cpuMillis', cpuMillis, 1)}m`,
        userId: input.wholeNumber('userId', userId, 1),
        imagePullSecrets: input.objectNames('imagePullSecrets', imagePullSecrets),
        claim: this.claimName,
        configMap,
        folder: folderOf(input, dataFolder ?? (adopt === undefined ? 'mysql' : '')),
      }),
    });
    this.defineService();
    definePdb(this, input.objectName('pdbName', pdbName ?? `${this.name}-pdb`), this.name);
    new Isolation(this, 'isolation', { connections: this.connections, looksUpNames: asksForNames(config) });
  }

  private defineConfig(name: string, config: string): void {
    const data = { 'my.cnf': config };
    defineObject<ConfigMap>(this, 'config', { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data });
  }

  private defineClaim(size: string, storageClass: string | undefined): void {
    defineObject<PersistentVolumeClaim>(this, 'claim', {
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      metadata: { name: this.claimName, labels: { app: this.name }, annotations: NEVER_PRUNED },
      spec: {
        accessModes: ['ReadWriteOnce'],
        ...(storageClass === undefined ? {} : { storageClassName: storageClass }),
        resources: { requests: { storage: size } },
      },
    });
  }

  private defineService(): void {
    defineObject<Service>(this, 'service', {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: this.serviceName, labels: { app: this.name } },
      // The name says that the bytes are not HTTP: a client's sidecar does not wait for some to look at.
      spec: { selector: { app: this.name }, ports: [{ name: 'tcp-mysql', port: MYSQL_PORT, targetPort: 'mysql', protocol: 'TCP' }] },
    });
  }

  private defineWorkload(asDeployment: boolean, template: PodTemplateSpec): void {
    const metadata = { name: this.name, labels: { app: this.name }, annotations: NEVER_PRUNED };
    // One server writes the files: never two, not even for a moment.
    const common = { replicas: 1, revisionHistoryLimit: 3, selector: { matchLabels: { app: this.name } }, template };
    if (asDeployment) {
      defineObject<Deployment>(this, 'deployment', {
        apiVersion: 'apps/v1',
        kind: 'Deployment',
        metadata,
        spec: { ...common, strategy: SINGLE_WRITER_STRATEGY },
      });
    } else {
      defineObject<StatefulSet>(this, 'statefulset', {
        apiVersion: 'apps/v1',
        kind: 'StatefulSet',
        metadata,
        spec: { ...common, serviceName: this.serviceName },
      });
    }
  }
}

/** Judges a user of the database: its name ends up in SQL that people run. */
export function databaseUser(input: Input, prop: string, user: DatabaseUser): DatabaseUser {
  input.known(user, { name: true, password: true }, prop);
  const { name, password } = user;
  return {
    name: input.text(`${prop}.name`, name, USER_NAME, 'invalid', 'use at most 32 letters, digits and . _ -'),
    password: input.secret(`${prop}.password`, password),
  };
}

/** Judges a schema's name: it ends up in SQL, in a URL and in an environment variable. */
export function schemaName(input: Input, value: string, prop = 'database'): string {
  return input.text(prop, value, SCHEMA_NAME, 'invalid', 'use at most 64 letters, digits and _ $ -');
}

function folderOf(input: Input, folder: string): string {
  return input.text(
    'dataFolder',
    folder,
    /^([A-Za-z0-9][A-Za-z0-9._-]*)?$/,
    'mysql',
    "name one folder, or give '' for the top of the volume",
  );
}
