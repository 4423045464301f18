/**
 * A place for backups in AWS S3 or behind another server's S3 API.
 *
 * Everything that a pod needs to reach it comes from the same props: environment, credentials, and whom its policy lets it talk to.
 */
import type { EnvVar, Volume, VolumeMount } from '../../imports/kubernetes';
import { S3_SECRET_KEYS } from '../lessons/backup-credentials';
import { awsDomain } from '../network/needs-storage';
import type { Connections, IConnectable } from './connections';
import type { Input, PropNames } from './input';
import { Peer } from './peer';
import { SecretRef } from './secret-ref';
import { urlPort } from './url-port';

/** An AWS role that the pod's own token stands for, so that no key has to be kept. */
export interface WebIdentity {
  /** ARN of the role. */
  readonly roleArn: string;
}

export interface S3Props {
  readonly bucket: string;
  /** Folder in the bucket, of this backup alone. @default - the construct's name */
  readonly prefix?: string;
  /** Region of the bucket; of another server than AWS's whatever it expects, often us-east-1. */
  readonly region: string;
  /** URL of an S3 API other than AWS's, such as `https://minio.example.org:9000`. @default - AWS */
  readonly endpoint?: string;
  /** Who stands behind an endpoint inside of the cluster. @default - the host of the endpoint, outside of the cluster */
  readonly endpointPeer?: IConnectable | Peer;
  /** Port of those pods. @default - the URL's */
  readonly endpointPodPort?: number;
  /** Whether the bucket stands in the path instead of the host. @default - with an endpoint of its own */
  readonly pathStyle?: boolean;
  /** Secret with `AWS_ACCESS_KEY_ID` and `AWS_SECRET_ACCESS_KEY`. One of this and `webIdentity` is needed. @default - none */
  readonly credentials?: string;
  /** Role instead of a key pair. @default - none */
  readonly webIdentity?: WebIdentity;
}

/** A bucket as the constructs use it, judged. */
export interface S3Bucket {
  readonly bucket: string;
  readonly prefix: string;
  readonly region: string;
  readonly env: readonly EnvVar[];
  readonly volumes: readonly Volume[];
  readonly volumeMounts: readonly VolumeMount[];
  readonly needsServiceAccount: boolean;
  /** Lets a workload talk to it. */
  connect(connections: Connections): void;
}

const BUCKET = /^(?!.*\.\.)[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/;
const PREFIX = /^[A-Za-z0-9_-][A-Za-z0-9._-]*(\/[A-Za-z0-9_-][A-Za-z0-9._-]*)*$/;
const REGION = /^[a-z0-9][a-z0-9-]{0,62}$/;
const ROLE = /^arn:aws[a-z-]*:iam::[0-9]{12}:role\/[A-Za-z0-9+=,.@_/-]+$/;
const TOKEN_FOLDER = '/var/run/secrets/aws';

export const S3_PROPS: PropNames<S3Props> = {
  bucket: true,
  prefix: true,
  region: true,
  endpoint: true,
  endpointPeer: true,
  endpointPodPort: true,
  pathStyle: true,
  credentials: true,
  webIdentity: true,
};

/** The bucket among a construct's props. */
export function s3PropsOf(props: S3Props): S3Props {
  const { bucket, prefix, region, endpoint, endpointPeer, endpointPodPort, pathStyle, credentials, webIdentity } = props;
  return { bucket, prefix, region, endpoint, endpointPeer, endpointPodPort, pathStyle, credentials, webIdentity };
}

export function s3Bucket(input: Input, name: string, props: S3Props): S3Bucket {
  const bucket = input.text('bucket', props.bucket, BUCKET, 'invalid', 'use 3 to 63 lower case letters, digits, dots and hyphens');
  const prefix = input.text(
    'prefix',
    props.prefix ?? name,
    PREFIX,
    'invalid',
    'use letters, digits and . _ - with single / between folders, and none at the ends',
  );
  const region = input.text('region', props.region, REGION, 'us-east-1', 'name the region, such as eu-west-1');
  const endpoint = props.endpoint === undefined ? undefined : endpointOf(input, props.endpoint);
  const pathStyle = props.pathStyle ?? props.endpoint !== undefined;
  const access = accessOf(input, props);
  return {
    bucket,
    prefix,
    region,
    env: [
      { name: 'S3_BUCKET', value: bucket },
      { name: 'S3_PREFIX', value: prefix },
      ...(endpoint === undefined ? [] : [{ name: 'S3_ENDPOINT', value: endpoint.href.replace(/\/$/, '') }]),
      ...(pathStyle === (endpoint !== undefined) ? [] : [{ name: 'S3_PATH_STYLE', value: String(pathStyle) }]),
      { name: 'AWS_REGION', value: region },
      ...access.env,
    ],
    volumes: access.volumes,
    volumeMounts: access.volumeMounts,
    needsServiceAccount: props.webIdentity !== undefined,
    connect: connector({ input, props, bucket, region, endpoint, pathStyle }),
  };
}

function endpointOf(input: Input, endpoint: string): URL {
  const otherwise = new URL('https://example.invalid');
  const mend = 'give a URL of scheme and host alone, such as https://minio.example.org:9000';
  if (typeof endpoint !== 'string' || !/^https?:\/\//.test(endpoint) || !URL.canParse(endpoint)) {
    input.reject('endpoint', endpoint, `it does not begin with http:// or https:// and a host: ${mend}`);
    return otherwise;
  }
  const url = new URL(endpoint);
  if (url.username !== '' || url.password !== '') {
    input.reject('endpoint', `${url.protocol}//…@${url.host}`, 'it holds credentials: keep them in the Secret that `credentials` names');
    return otherwise;
  }
  if (url.pathname !== '/' || url.search !== '' || url.hash !== '' || /["'\s\\`$]/.test(endpoint)) {
    input.reject('endpoint', endpoint, `it is more than a host: ${mend}`);
    return otherwise;
  }
  return url;
}

interface Access {
  readonly env: readonly EnvVar[];
  readonly volumes: readonly Volume[];
  readonly volumeMounts: readonly VolumeMount[];
}

function accessOf(input: Input, { credentials, webIdentity }: S3Props): Access {
  if ((credentials === undefined) === (webIdentity === undefined)) {
    const what = credentials === undefined ? 'neither credentials nor webIdentity is given' : 'webIdentity is given as well';
    input.reject('credentials', credentials ?? 'missing', `${what}: give one of the two`);
  }
  if (webIdentity !== undefined) {
    input.known(webIdentity, { roleArn: true }, 'webIdentity');
    const role = input.text(
      'webIdentity.roleArn',
      webIdentity.roleArn,
      ROLE,
      'invalid',
      'give the ARN of a role, such as arn:aws:iam::123456789012:role/backup',
    );
    return {
      env: [
        { name: 'AWS_ROLE_ARN', value: role },
        { name: 'AWS_WEB_IDENTITY_TOKEN_FILE', value: `${TOKEN_FOLDER}/token` },
        { name: 'AWS_STS_REGIONAL_ENDPOINTS', value: 'regional' },
      ],
      volumes: [
        {
          name: 'aws-token',
          projected: { sources: [{ serviceAccountToken: { path: 'token', audience: 'sts.amazonaws.com', expirationSeconds: 10_800 } }] },
        },
      ],
      volumeMounts: [{ name: 'aws-token', mountPath: TOKEN_FOLDER, readOnly: true }],
    };
  }
  if (credentials === undefined) return { env: [], volumes: [], volumeMounts: [] };
  const secret = input.objectName('credentials', credentials);
  const [keyId, key] = S3_SECRET_KEYS;
  return { env: [keyId, key].map((name) => SecretRef.of(secret, name).toEnv(name)), volumes: [], volumeMounts: [] };
}

interface ConnectorProps {
  readonly input: Input;
  readonly props: S3Props;
  readonly bucket: string;
  readonly region: string;
  readonly endpoint: URL | undefined;
  readonly pathStyle: boolean;
}

function connector({ input, props, bucket, region, endpoint, pathStyle }: ConnectorProps): S3Bucket['connect'] {
  const reason = `backups in ${bucket}`;
  const domain = awsDomain(region);
  const peers: [IConnectable | Peer, number][] = [];
  if (endpoint === undefined) {
    // Clients put the bucket into the host, except where the path is asked for, and for names that no certificate covers.
    const host = `s3.${region}.${domain}`;
    peers.push([Peer.fqdn(pathStyle || bucket.includes('.') ? host : `${bucket}.${host}`), 443]);
  } else {
    peers.push(...endpointPeers(input, props, endpoint, pathStyle ? [] : [bucket]));
  }
  if (props.webIdentity !== undefined) peers.push([Peer.fqdn(`sts.${region}.${domain}`), 443]);
  return (connections) => {
    for (const [peer, port] of peers) connections.allowTo(peer, port, reason);
  };
}

function endpointPeers(input: Input, props: S3Props, url: URL, subdomains: readonly string[]): [IConnectable | Peer, number][] {
  const { hostname } = url;
  const number = urlPort(url);
  if (props.endpointPeer !== undefined) return [[props.endpointPeer, props.endpointPodPort ?? number]];
  if (/^[0-9.]+$/.test(hostname)) return [[Peer.cidr(`${hostname}/32`), number]];
  if (hostname.startsWith('[')) return [[Peer.cidr(`${hostname.slice(1, -1)}/128`), number]];
  if (!hostname.includes('.') || /\.svc(\.|$)/.test(hostname)) {
    input.reject(
      'endpoint',
      hostname,
      'it is a Service of this cluster, and policies know pods: say with endpointPeer which pods stand behind it',
    );
    return [];
  }
  return [hostname, ...subdomains.map((subdomain) => `${subdomain}.${hostname}`)].map((host) => [Peer.fqdn(host), number]);
}

/** What the scripts may do in the bucket, as a policy of AWS's. @param retires whether old backups are removed */
export function bucketPolicy({ bucket, prefix, region }: Pick<S3Bucket, 'bucket' | 'prefix' | 'region'>, retires: boolean): string {
  const arn = `arn:${region.startsWith('cn-') ? 'aws-cn' : region.startsWith('us-gov-') ? 'aws-us-gov' : 'aws'}:s3:::${bucket}`;
  const removing = retires ? ['s3:DeleteObject', 's3:AbortMultipartUpload'] : [];
  const policy = {
    Version: '2012-10-17',
    Statement: [
      { Effect: 'Allow', Action: ['s3:PutObject', 's3:GetObject', ...removing], Resource: `${arn}/${prefix}/*` },
      {
        Effect: 'Allow',
        Action: ['s3:ListBucket', ...(retires ? ['s3:ListBucketMultipartUploads'] : [])],
        Resource: arn,
        Condition: { StringLike: { 's3:prefix': `${prefix}/*` } },
      },
    ],
  };
  return `${JSON.stringify(policy, null, 2)}\n`;
}
